'use strict'

// How figures are written.

const percent = (fraction) => `${(100 * fraction).toFixed(0)} %`
const times = (factor) => `${factor.toFixed(2)}×`
/** Three digits, or all in front of the point. */
const micros = (value) => value.toPrecision(value >= 100 ? Math.ceil(Math.log10(value + 1)) : 3)
const milliseconds = (microseconds) => (microseconds / 1000).toFixed(2)
const kilobytes = (bytes) => (bytes / 1000).toFixed(1)

function thousands (value) {
  if (value >= 1e6) return (value / 1e6).toFixed(2) + ' M'
  return value >= 1e4 ? (value / 1e3).toFixed(0) + ' k' : value.toFixed(0)
}

module.exports = { percent, times, micros, milliseconds, kilobytes, thousands }
