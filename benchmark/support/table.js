'use strict'

/** Returns a Markdown table with an aligned source. The first column contains text, the others contain figures. */
function table (header, rows) {
  const cells = [header, ...rows].map((row) => row.map(String))
  const widths = header.map((_, column) => Math.max(4, ...cells.map((row) => row[column].length)))
  const line = (row) => `| ${row.map((cell, column) => pad(cell, widths[column], column)).join(' | ')} |`
  const rule = widths.map((width, column) => column === 0 ? '-'.repeat(width) : '-'.repeat(width - 1) + ':')
  return [line(cells[0]), `| ${rule.join(' | ')} |`, ...cells.slice(1).map(line)].join('\n')
}

function pad (cell, width, column) {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}

module.exports = { table }
