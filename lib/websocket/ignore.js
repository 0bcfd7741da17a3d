// @ts-check
'use strict'

/** A listener for errors of sockets that a program need not see. Without a listener, they would end the process. */
module.exports = function ignore () {}
