'use strict'

// The formats of figures and text.

const LINE = 120

const percent = (fraction) => `${(100 * fraction).toFixed(0)} %`
const times = (factor) => `${factor.toFixed(2)}×`
/** Formats a number with three digits, or with all digits before the point. */
const micros = (value) => value.toPrecision(value >= 100 ? Math.ceil(Math.log10(value + 1)) : 3)
const milliseconds = (microseconds) => (microseconds / 1000).toFixed(2)
const kilobytes = (bytes) => (bytes / 1000).toFixed(1)

function thousands (value) {
  if (value >= 1e6) return (value / 1e6).toFixed(2) + ' M'
  return value >= 1e4 ? (value / 1e3).toFixed(0) + ' k' : value.toFixed(0)
}

/** Breaks a text into lines of at most 120 columns; all but the first line begin with this many spaces. */
function wrapped (text, indent) {
  const lines = ['']
  for (const word of text.split(' ')) {
    if (indent + lines.at(-1).length + word.length > LINE) lines.push('')
    lines.push(`${lines.pop()}${word} `)
  }
  return lines.map((line) => line.trimEnd()).join('\n' + ' '.repeat(indent))
}

module.exports = { percent, times, micros, milliseconds, kilobytes, thousands, wrapped }
