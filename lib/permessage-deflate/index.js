// @ts-check
'use strict'

const { MEMBERS } = require('./extension')

// What npm's permessage-deflate exports: an extension, whose configure() makes others.

module.exports = { ...MEMBERS }
