// @ts-check
'use strict'

const { Hybi } = require('../../../by_path')
const { acceptValue } = require('../../../../http/handshake')

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = Hybi
module.exports.VERSION = '13'
module.exports.generateAccept = acceptValue
