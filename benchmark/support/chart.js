'use strict'

// Bar charts in SVG, without a library. The colours follow the reader's scheme, light or dark, inside a page and
// alone.

/** The room of the longest bar. */
const ROOM = 175
const GAP = 40
const MARGIN = 16
/** More than the mean width of a character, in the font of the labels. */
const CHARACTER = 7
const VALUE = 80
const ROW = 20
const HEAD = 30
const COLUMNS = 2

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .panel { font-weight: 600 }
  .label { text-anchor: end }
  .ground { fill: #ffffff }
  .other { fill: #8c959f }
  .floor { fill: #d0d7de }
  .ours { fill: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .ground { fill: #0d1117 }
    .other { fill: #6e7681 }
    .floor { fill: #3d444d }
    .ours { fill: #4493f8 }
  }
`

/**
 * Returns a chart. Every panel has its own scale, which begins at 0.
 *
 * @param {string} title
 * @param {Array<{ title: string, bars: Array<{ title: string, value: number, label: string, kind: string }> }>} panels
 * @returns {string}
 */
function barCharts (title, panels) {
  const columns = Math.min(COLUMNS, panels.length)
  const roomOf = (titles) => Math.max(...titles.map(({ title }) => title.length)) * CHARACTER
  const label = roomOf(panels.flatMap(({ bars }) => bars)) + 8
  const panelWidth = Math.max(label + ROOM + VALUE, roomOf(panels))
  const heights = []
  const parts = panels.map((panel, index) => {
    const column = index % columns
    const top = heights.at(-1)?.bottom ?? MARGIN + HEAD
    const y = column === 0 ? top : heights.at(-1).top
    const bottom = y + HEAD + panel.bars.length * ROW + MARGIN
    if (column === 0) heights.push({ top: y, bottom })
    else heights.at(-1).bottom = Math.max(heights.at(-1).bottom, bottom)
    return drawPanel(panel, MARGIN + column * (panelWidth + GAP), y, label)
  })
  const width = 2 * MARGIN + columns * panelWidth + (columns - 1) * GAP
  const height = heights.at(-1).bottom
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" ` +
    `role="img" aria-label="${escape(title)}">\n<style>${STYLE}</style>\n` +
    `<rect class="ground" width="${width}" height="${height}"/>\n` +
    `<text class="title" x="${MARGIN}" y="${MARGIN + 12}">${escape(title)}</text>\n${parts.join('\n')}\n</svg>\n`
}

function drawPanel ({ title, bars }, x, y, label) {
  const most = Math.max(...bars.map(({ value }) => value))
  const rows = bars.map((bar, index) => {
    const top = y + HEAD + index * ROW
    const width = most > 0 ? Math.max(1, bar.value / most * ROOM) : 1
    const baseline = top + ROW / 2 + 4
    return `<text class="label" x="${x + label - 8}" y="${baseline}">${escape(bar.title)}</text>` +
      `<rect class="${bar.kind}" x="${x + label}" y="${top + 3}" width="${width.toFixed(1)}" height="${ROW - 6}"/>` +
      `<text x="${(x + label + width + 6).toFixed(1)}" y="${baseline}">${escape(bar.label)}</text>`
  })
  return [`<text class="panel" x="${x}" y="${y + HEAD - 10}">${escape(title)}</text>`, ...rows].join('\n')
}

function escape (text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

module.exports = { barCharts }
