// @ts-check
'use strict'

const { Base } = require('../../../by_path')
const { isWebSocket, validateOptions } = require('../../../index')

// Assigns each export separately, because Node finds the names for ES modules by scanning this text.
module.exports = Base
module.exports.isWebSocket = isWebSocket
module.exports.validateOptions = validateOptions
