// @ts-check
'use strict'

const { ReadyState } = require('../connection/seam')

// As the DOM names them.
module.exports = {
  CONNECTING: ReadyState.Connecting,
  OPEN: ReadyState.Open,
  CLOSING: ReadyState.Closing,
  CLOSED: ReadyState.Closed
}
