// @ts-check
'use strict'

const { Hybi } = require('../../../by_path')
const { acceptValue } = require('../../../../http/handshake')

// Assigns each export separately, because Node finds the names for ES modules by scanning this text.
module.exports = Hybi
module.exports.VERSION = '13'
module.exports.generateAccept = acceptValue
