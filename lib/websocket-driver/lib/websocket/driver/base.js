// @ts-check
'use strict'

const { Base } = require('../../../by_path')
const { isWebSocket, validateOptions } = require('../../../index')

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = Base
module.exports.isWebSocket = isWebSocket
module.exports.validateOptions = validateOptions
