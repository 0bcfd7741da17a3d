// @ts-check
'use strict'

module.exports = require('../../../by_path').StreamReader
