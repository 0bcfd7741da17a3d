// @ts-check
'use strict'

const { Server } = require('../../../by_path')
const { http, isSecureRequest } = require('../../../index')
const { requestUrl } = require('../../../../http/request')

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = Server
module.exports.http = http
module.exports.isSecureRequest = isSecureRequest
module.exports.determineUrl = requestUrl
