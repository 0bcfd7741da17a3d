// @ts-check
'use strict'

const { Prepared } = require('../native')

/**
 * The text that connections of this thread have last sent one after the other. A program that sends one text on many
 * connections, in a loop, sends a prepared message after a few times in a row, so that the core reads and frames the
 * text once. Texts that one connection sends in a row, such as replies, are not remembered, because each would
 * cost a write barrier of V8.
 *
 * Only strings are remembered, because a program may change a Buffer between two calls.
 */
let last = ''
/** How often the text was sent in a row. */
let count = 0
/** The connection that sent last. */
let lastSender = -1
/** @type {import('../../binding').Prepared | null} keeps the number valid */
let prepared = null
let number = -1

/**
 * Counts a text. Returns the number of its prepared message, or a negative number if it was not sent often enough.
 *
 * @param {string} text that is about to be sent
 * @param {number} sender the number of the connection
 */
function countText (text, sender) {
  if (sender === lastSender || text.length > MAX_LENGTH) return -1
  lastSender = sender
  if (text !== last) {
    last = text
    count = 0
    prepared = null
    number = -1
  } else if (number < 0 && ++count === FEW) {
    prepared = Prepared.text(text)
    number = prepared.number
  }
  return number
}

/** Bounds the memory of the text, and the time of a comparison with a text that begins with the same characters. */
const MAX_LENGTH = 16 * 1024
/** How often a text is sent before it is prepared, which takes as long as reading and framing it twenty times. */
const FEW = 8

module.exports = { countText }
