'use strict'

/** Returns whether a socket uses the native transport; undefined before the socket has a transport. */
function usesReactor (ws) {
  return ws[Symbol.for('faye-websocket-rs.isNative')]
}

module.exports = { usesReactor }
