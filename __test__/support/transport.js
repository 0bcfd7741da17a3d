'use strict'

/** Whether the reactor moves the bytes of a socket, and not Node's stream. Undefined before it has a transport. */
function usesReactor (ws) {
  return ws[Symbol.for('faye-websocket-rs.isNative')]
}

module.exports = { usesReactor }
