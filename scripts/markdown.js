'use strict'

// Markdown that programs read and write: anchors of headings, tables, and the parts of pages that a program fills.

const fs = require('node:fs')

const { Failure } = require('./support')

/**
 * Returns the anchor of a heading, as GitHub makes it. The site of docs/ uses the same anchors, so links work in both
 * places.
 *
 * @param {string} heading
 */
function slug (heading) {
  return heading.toLowerCase().replace(/[^\p{L}\p{N}_\- ]/gu, '').replaceAll(' ', '-')
}

/**
 * Returns a table.
 *
 * @param {string[]} header
 * @param {string[][]} rows
 * @param {string[]} [rule] the alignment of each column. Default: none
 */
function table (header, rows, rule = header.map(() => '---')) {
  return [header, rule, ...rows].map(tableRow).join('\n')
}

/** @param {string[]} cells */
function tableRow (cells) {
  return `| ${cells.join(' | ')} |`
}

/**
 * Returns the text of a page with this content between its lines `<!-- name: begin -->` and `<!-- name: end -->`.
 *
 * @param {string} page
 * @param {string} name
 * @param {string} content
 * @param {string} [title] the page in error messages
 */
function withPart (page, name, content, title = 'The page') {
  const [begin, end] = [`<!-- ${name}: begin -->\n`, `<!-- ${name}: end -->`]
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new Failure(`${title} does not contain ${begin.trim()} and ${end}`)
  return `${before}${begin}${content}\n${end}${after}`
}

/**
 * Fills a part of a page: see `withPart`.
 *
 * @param {string} file
 * @param {string} name
 * @param {string} content
 */
function fillPart (file, name, content) {
  fs.writeFileSync(file, withPart(fs.readFileSync(file, 'utf8'), name, content, file))
}

module.exports = { slug, table, tableRow, withPart, fillPart }
