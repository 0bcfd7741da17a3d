// @ts-check
'use strict'

const { CLOSE, splitClosePayload } = require('./frame_bytes')
const WebSocketFrame = require('./frame')

/**
 * A frame of the engine's as programs get it, which have `assembleFragments` off.
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

/** What the class calls a frame that has been read. */
const COMPLETE = 6

module.exports = { frameOf }
