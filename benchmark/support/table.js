'use strict'

/** Returns a Markdown table with an aligned source. The first `texts` columns contain text, the others figures. */
function table (header, rows, texts = 1) {
  const cells = [header, ...rows].map((row) => row.map(String))
  const widths = header.map((_, column) => Math.max(4, ...cells.map((row) => row[column].length)))
  const pad = (cell, column) => column < texts ? cell.padEnd(widths[column]) : cell.padStart(widths[column])
  const line = (row) => `| ${row.map(pad).join(' | ')} |`
  const rule = widths.map((width, column) => column < texts ? '-'.repeat(width) : '-'.repeat(width - 1) + ':')
  return [line(cells[0]), `| ${rule.join(' | ')} |`, ...cells.slice(1).map(line)].join('\n')
}

module.exports = { table }
