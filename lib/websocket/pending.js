// @ts-check
'use strict'

const ignore = require('./ignore')

/**
 * Listens to the socket of a request that the program accepts or rejects in a later tick: the client may disconnect
 * before.
 *
 * @param {any} request
 * @param {((request: any) => void) | null} [closed] called when the socket closes before the request is resolved
 */
function watch (request, closed = null) {
  const { socket } = request
  request._socketCloseHandler = request._handleSocketCloseBeforeAccept.bind(request)
  socket.on('end', request._socketCloseHandler)
  socket.on('close', request._socketCloseHandler)
  // Without a listener, a client that resets its connection before the response would end the process.
  socket.on('error', ignore)
  if (closed === null) return
  const socketClosed = () => closed(request)
  socket.once('close', socketClosed)
  // The socket outlives the request and must not keep it in memory.
  request.once('requestResolved', () => socket.removeListener('close', socketClosed))
}

module.exports = { watch }
