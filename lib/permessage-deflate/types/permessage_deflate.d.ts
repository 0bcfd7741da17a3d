import deflate = require('../index.js')

export = deflate
