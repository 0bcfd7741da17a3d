// @ts-check
'use strict'

// The exports of the files of websocket-driver, for programs that require them by path. The folder lib/ next to this
// file contains a module for each of them, which adds static functions. The functions of index.js create the drivers.
// If this package lacks a class, its use throws an Error that names the alternative; requiring its file does not throw.

const { Driver } = require('./driver')
const { client, server } = require('./index')
const { Proxy } = require('./proxy')
const { Server } = require('./server')
const { absent } = require('../absent')
const { NAME } = require('../scheduling')

/**
 * Returns a constructor that calls a function to create instances of `Class`. It cannot be extended.
 *
 * @param {string} file
 * @param {new (...args: any[]) => any} Class
 * @param {(...args: any[]) => any} make
 */
function constructorOf (file, Class, make) {
  /** @param {any[]} args */
  function Constructor (...args) {
    if (new.target !== Constructor) {
      throw new Error(`${file} of ${NAME} cannot be inherited from: call it with new, or use ${FUNCTIONS}`)
    }
    return make(...args)
  }
  Constructor.prototype = Class.prototype
  return Constructor
}

/**
 * @param {any} request
 * @param {string} [url]
 * @param {any} [options]
 */
function hybi (request, url, options) {
  // Programs that monitor a connection of other endpoints create a driver without a request, to parse its frames.
  if (!request) return Driver.listening(options || {})
  return Driver.http(request, { ...options, allowDrafts: false }, url).useStreams()
}

const FUNCTIONS = 'the functions client, server and http of websocket-driver'
const DRAFTS = 'use http(request, { allowDrafts: true }) of websocket-driver'
const DIRECTORY = 'websocket-driver/lib/websocket/driver'
const paths = {
  base: `${DIRECTORY}/base`,
  client: `${DIRECTORY}/client`,
  hybi: `${DIRECTORY}/hybi`,
  proxy: `${DIRECTORY}/proxy`,
  server: `${DIRECTORY}/server`
}

module.exports = {
  Base: constructorOf(paths.base, Driver, absent(paths.base, `use ${FUNCTIONS}`)),
  Client: constructorOf(paths.client, Driver, client),
  Draft75: absent(`${DIRECTORY}/draft75`, DRAFTS),
  Draft76: absent(`${DIRECTORY}/draft76`, DRAFTS),
  Frame: absent(`${DIRECTORY}/hybi/frame`, `use the class frame of ${NAME}/websocket`),
  HttpParser: absent('websocket-driver/lib/websocket/http_parser', `use ${FUNCTIONS}, which parse heads`),
  Hybi: constructorOf(paths.hybi, Driver, hybi),
  Message: absent(`${DIRECTORY}/hybi/message`, 'a driver emits messages with its event message'),
  Proxy: constructorOf(paths.proxy, Proxy, ({ url }, origin) => new Proxy(url, origin)),
  Server: constructorOf(paths.server, Server, server),
  StreamReader: absent(`${DIRECTORY}/stream_reader`, 'use parse() of a driver')
}
