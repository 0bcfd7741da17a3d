// @ts-nocheck: most of these files exist on other platforms only
'use strict'

/**
 * Loads the addon of this machine: the file that a checkout has built, otherwise the package of the platform. All names
 * are literal, because bundlers and tracers search for them. A test compares them with scripts/platform.js.
 */

const { platformName } = require('./platform')

const name = platformName()
/** @type {any[]} the errors of the attempts, in order */
const errors = []
let isPrebuilt = true
/** @type {any} */
let binding

switch (name) {
  case 'linux-x64-gnu':
    try { binding = require('../../faye-websocket.linux-x64-gnu.node') } catch (error) { errors.push(error) }
    try { binding ??= require('faye-websocket-rs-linux-x64-gnu') } catch (error) { errors.push(error) }
    break
  case 'linux-x64-musl':
    try { binding = require('../../faye-websocket.linux-x64-musl.node') } catch (error) { errors.push(error) }
    try { binding ??= require('faye-websocket-rs-linux-x64-musl') } catch (error) { errors.push(error) }
    break
  case 'linux-arm64-gnu':
    try { binding = require('../../faye-websocket.linux-arm64-gnu.node') } catch (error) { errors.push(error) }
    try { binding ??= require('faye-websocket-rs-linux-arm64-gnu') } catch (error) { errors.push(error) }
    break
  case 'linux-arm64-musl':
    try { binding = require('../../faye-websocket.linux-arm64-musl.node') } catch (error) { errors.push(error) }
    try { binding ??= require('faye-websocket-rs-linux-arm64-musl') } catch (error) { errors.push(error) }
    break
  case 'win32-x64-msvc':
    try { binding = require('../../faye-websocket.win32-x64-msvc.node') } catch (error) { errors.push(error) }
    try { binding ??= require('faye-websocket-rs-win32-x64-msvc') } catch (error) { errors.push(error) }
    break
  case 'win32-arm64-msvc':
    try { binding = require('../../faye-websocket.win32-arm64-msvc.node') } catch (error) { errors.push(error) }
    try { binding ??= require('faye-websocket-rs-win32-arm64-msvc') } catch (error) { errors.push(error) }
    break
  case 'darwin-x64':
    try { binding = require('../../faye-websocket.darwin-x64.node') } catch (error) { errors.push(error) }
    try { binding ??= require('faye-websocket-rs-darwin-x64') } catch (error) { errors.push(error) }
    break
  case 'darwin-arm64':
    try { binding = require('../../faye-websocket.darwin-arm64.node') } catch (error) { errors.push(error) }
    try { binding ??= require('faye-websocket-rs-darwin-arm64') } catch (error) { errors.push(error) }
    break
  default:
    isPrebuilt = false
    try { binding = require('../../faye-websocket.local.node') } catch (error) { errors.push(error) }
}

module.exports = { binding, errors, isBundle: false, isPrebuilt, name }
