// @ts-check
'use strict'

const { common } = require('../by_path')

// One name after the other: Node finds them so for ES modules that import by name.
exports.fetch = common
exports.validateOptions = common
exports.validParams = common
