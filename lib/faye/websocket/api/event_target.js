// @ts-check
'use strict'

module.exports = require('../../event').EventTarget
