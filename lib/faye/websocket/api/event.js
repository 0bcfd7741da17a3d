// @ts-check
'use strict'

const Event = /** @type {any} */ (require('../../event').Event)

// Assigns each export separately, because Node finds the names for ES modules by scanning this text.
module.exports = Event
module.exports.CAPTURING_PHASE = Event.CAPTURING_PHASE
module.exports.AT_TARGET = Event.AT_TARGET
module.exports.BUBBLING_PHASE = Event.BUBBLING_PHASE
