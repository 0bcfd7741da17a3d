'use strict'

// The tables of docs/runtimes.md and docs/platforms.md, which `npm run test:runtimes` and `test:platforms` fill.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')

const { withPart } = require('../../scripts/markdown')

for (const [name, { PAGE, table }] of [
  ['runtimes', require('../runtimes/table')],
  ['platforms', require('../platforms/table')]
]) {
  test(`docs/${name}.md: its table contains the stored results`, () => {
    const page = fs.readFileSync(PAGE, 'utf8')
    assert.equal(page, withPart(page, 'table', table()), `npm run test:${name} -- --table writes it`)
  })
}
