// @ts-check
'use strict'

const { Server } = require('../../../by_path')
const { http, isSecureRequest } = require('../../../index')
const { requestUrl } = require('../../../../http/request')

// Assigns each export separately, because Node finds the names for ES modules by scanning this text.
module.exports = Server
module.exports.http = http
module.exports.isSecureRequest = isSecureRequest
module.exports.determineUrl = requestUrl
