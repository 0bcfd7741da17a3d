import driver = require('../../index.js')

export = driver
