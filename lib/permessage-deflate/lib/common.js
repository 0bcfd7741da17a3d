// @ts-check
'use strict'

const { common } = require('../by_path')

// Assigns each export separately, because Node finds the names for ES modules by scanning this text.
exports.fetch = common
exports.validateOptions = common
exports.validParams = common
