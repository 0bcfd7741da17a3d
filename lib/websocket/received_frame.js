// @ts-check
'use strict'

const { CLOSE, splitClosePayload } = require('./frame_bytes')
const WebSocketFrame = require('./frame')

/**
 * Returns the object that the event `frame` passes for a frame that the engine has decoded.
 *
 * @param {any} connection
 * @param {import('../connection/seam').Frame} frame
 */
function frameOf ({ maskBytes, frameHeader, config }, { fin, rsv, opcode, isMasked, payload }) {
  const frame = new WebSocketFrame(maskBytes, frameHeader, config)
  const length = payload.length
  const [rsv1, rsv2, rsv3] = rsv
  Object.assign(frame, { parseState: COMPLETE, fin, rsv1, rsv2, rsv3, mask: isMasked, opcode, length })
  Object.assign(frame, { binaryPayload: payload })
  if (opcode === CLOSE) splitClosePayload(frame)
  return frame
}

/** The `parseState` of a complete frame. */
const COMPLETE = 6

module.exports = { frameOf }
