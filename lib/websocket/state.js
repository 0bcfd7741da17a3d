// @ts-check
'use strict'

/** The values of `connection.state`. */
const State = { Open: 'open', PeerRequestedClose: 'peer_requested_close', Ending: 'ending', Closed: 'closed' }

module.exports = { State }
