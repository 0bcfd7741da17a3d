// @ts-check
'use strict'

// Encodes `text/event-stream`, for lib/faye/eventsource.js, which may not require the binding.
const { eventStreamHead: head, eventStreamMessage: message, eventStreamPing: ping } = require('../native')

module.exports = { head, message, PING: ping() }
