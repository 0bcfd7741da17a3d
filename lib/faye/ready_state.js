// @ts-check
'use strict'

const { ReadyState } = require('../connection/seam')

// The names of the DOM.
module.exports = {
  CONNECTING: ReadyState.Connecting,
  OPEN: ReadyState.Open,
  CLOSING: ReadyState.Closing,
  CLOSED: ReadyState.Closed
}
