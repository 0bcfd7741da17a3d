// @ts-check
'use strict'

// The exports of the files of npm's permessage-deflate, for programs that require them by path. The folder lib/ next to
// this file contains a module for each of them.

const { absent } = require('../absent')

const DIRECTORY = 'permessage-deflate/lib'
const SESSIONS = 'use createClientSession() and createServerSession() of permessage-deflate'

module.exports = {
  ClientSession: absent(`${DIRECTORY}/client_session`, SESSIONS),
  ServerSession: absent(`${DIRECTORY}/server_session`, SESSIONS),
  Session: absent(`${DIRECTORY}/session`, SESSIONS),
  common: absent(`${DIRECTORY}/common`, 'use configure() of permessage-deflate, which checks options')
}
