// @ts-check
'use strict'

const { MEMBERS } = require('./extension')

// The exports of npm's permessage-deflate: an extension, whose configure() returns others.

const {
  configure, createClientSession, createServerSession, name, type, rsv1, rsv2, rsv3
} = MEMBERS

// Writes out each name, because Node finds the names for ES modules by scanning this text.
module.exports = { configure, createClientSession, createServerSession, name, type, rsv1, rsv2, rsv3 }
