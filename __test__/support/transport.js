'use strict'

/** Whether a socket uses the native transport. Undefined before it has a transport. */
function usesReactor (ws) {
  return ws[Symbol.for('faye-websocket-rs.isNative')]
}

module.exports = { usesReactor }
