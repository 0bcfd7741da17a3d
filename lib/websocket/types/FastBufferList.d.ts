import websocket = require('../index.js')

export = BufferList

/** A list of buffers as one: what `addData()` of a frame reads from. */
declare const BufferList: {
  new (options?: { encoding?: string }): websocket.IBufferList
  (options?: { encoding?: string }): websocket.IBufferList
  readonly BufferList: typeof BufferList
}
