// @ts-check
'use strict'

const Event = /** @type {any} */ (require('../../event').Event)

// One name after the other: Node finds them so for ES modules that import by name.
module.exports = Event
module.exports.CAPTURING_PHASE = Event.CAPTURING_PHASE
module.exports.AT_TARGET = Event.AT_TARGET
module.exports.BUBBLING_PHASE = Event.BUBBLING_PHASE
