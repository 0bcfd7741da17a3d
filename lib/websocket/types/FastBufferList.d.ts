import websocket = require('../index.js')

export = BufferList

/** A list of buffers that reads like one buffer: the input of `addData()` of a frame. */
declare const BufferList: {
  new (options?: { encoding?: string }): websocket.IBufferList
  (options?: { encoding?: string }): websocket.IBufferList
  readonly BufferList: typeof BufferList
}
