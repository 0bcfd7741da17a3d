// @ts-check
'use strict'

const { IO, Messages } = require('../../streams')

module.exports = { IO, Messages }
