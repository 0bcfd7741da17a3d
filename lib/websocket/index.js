// @ts-check
'use strict'

// What `websocket` exports. One name after the other: Node finds them so for ES modules that import by name.
module.exports = {
  router: require('./router'),
  frame: require('./frame'),
  deprecation: require('./deprecation'),
  version: require('./version')
}
