'use strict'

/** What the driver tells. Kept apart from the public object, whose methods programs replace. */
class Delegate {
  constructor (socket) {
    this.socket = socket
  }

  opened () {
    this.socket._open()
  }

  received (data) {
    this.socket._receiveMessage(data)
  }

  failed (message) {
    this.socket._emitError(message)
  }

  drained () {
    this.socket.emit('drain')
  }

  closed (code, reason) {
    this.socket._beginClose(reason, code)
  }
}

/** For applications that want ArrayBuffers: others pay nothing for it. */
class ArrayBufferDelegate extends Delegate {
  received (data) {
    if (typeof data === 'string') this.socket._receiveMessage(data)
    else this.socket._receiveArrayBuffer(data)
  }
}

module.exports = { Delegate, ArrayBufferDelegate }
