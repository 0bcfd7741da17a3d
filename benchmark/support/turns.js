'use strict'

// How servers take turns, and how what is asked of a load becomes a command line.

/** In every round another one begins. */
function rotated (list, by) {
  const start = by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}

/** `{ inFlight: 4, binary: true }` is `--in-flight 4 --binary`. */
function toArgs (load) {
  return Object.entries(load).flatMap(([key, value]) => {
    const flag = '--' + key.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase())
    return value === true ? [flag] : [flag, String(value)]
  })
}

module.exports = { rotated, toArgs }
