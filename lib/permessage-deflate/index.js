// @ts-check
'use strict'

const { MEMBERS } = require('./extension')

// What npm's permessage-deflate exports: an extension, whose configure() makes others.

const {
  configure, createClientSession, createServerSession, name, type, rsv1, rsv2, rsv3
} = MEMBERS

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = { configure, createClientSession, createServerSession, name, type, rsv1, rsv2, rsv3 }
