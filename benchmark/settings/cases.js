'use strict'

// The compared settings, and the messages.

/**
 * Market data as JSON, from datasets.js. `share` is the part of --kib that a session compresses. A compressor tries
 * several reaches once per MiB, which is cheap for short messages. The figures of long messages must include it.
 */
const CODEC_CASES = [
  { name: '125', title: '125 B', size: 125, share: 0.25 },
  { name: '1k', title: '1 KiB', size: 1024, share: 1 },
  { name: '16k', title: '16 KiB', size: 16384, share: 1 }
]

/** The memory of connections after messages of 1 KiB, which fill the windows of both directions. */
const MEMORY_CASE = { name: 'memory', title: 'memory' }

const WINDOWS = [15, 13, 11, 9]
const LEVELS = [-1, 1, 9]

/**
 * `options` set both directions alike. `cells` are the first columns of the table: window, level
 * and other options.
 */
const VARIANTS = [
  { name: 'none', options: null, cells: ['–', '–', 'no extension'] },
  ...WINDOWS.flatMap((bits) => LEVELS.map((level) => windowOf(bits, level))),
  {
    name: 'no-takeover',
    options: { noContextTakeover: true, requestNoContextTakeover: true },
    cells: ['15', '-1', '`noContextTakeover`, `requestNoContextTakeover`']
  },
  { name: 'mem-level-4', options: { memLevel: 4 }, cells: ['15', '-1', '`memLevel: 4`'] },
  { name: 'mem-level-9', options: { memLevel: 9 }, cells: ['15', '-1', '`memLevel: 9`'] }
]

function windowOf (bits, level) {
  const windows = bits === 15 ? {} : { maxWindowBits: bits, requestMaxWindowBits: bits }
  const isDefault = bits === 15 && level === -1
  return {
    name: `window-${bits}` + (level === -1 ? '' : `-level-${level}`),
    options: { ...windows, ...level !== -1 && { level } },
    cells: [String(bits), String(level), isDefault ? 'defaults' : '']
  }
}

module.exports = { CODEC_CASES, MEMORY_CASE, VARIANTS }
