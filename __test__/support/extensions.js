'use strict'

// Extensions for the framework websocket-extensions.

/** An extension that changes nothing. With it, the session of permessage-deflate is one of two. */
const passing = {
  name: 'passing',
  type: 'permessage',
  rsv1: false,
  rsv2: true,
  rsv3: false,
  createClientSession: () => ({ ...session(), generateOffer: () => ({}), activate: () => true }),
  createServerSession: () => ({ ...session(), generateResponse: () => ({}) })
}

function session () {
  return {
    processIncomingMessage: (message, callback) => callback(null, message),
    processOutgoingMessage: (message, callback) => callback(null, message),
    close () {}
  }
}

module.exports = { passing }
