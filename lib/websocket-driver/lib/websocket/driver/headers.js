// @ts-check
'use strict'

module.exports = require('../../../headers').Headers
