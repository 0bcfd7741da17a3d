// @ts-check
'use strict'

const { common } = require('../by_path')

// Each export is assigned separately, because Node finds the names for ES modules by scanning this text.
exports.fetch = common
exports.validateOptions = common
exports.validParams = common
