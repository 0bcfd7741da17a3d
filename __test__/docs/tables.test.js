'use strict'

// The tables of docs/runtimes.md and docs/platforms.md, which `npm run test:runtimes` and `test:platforms` fill.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')

for (const [name, { PAGE, TABLE, table }] of [
  ['runtimes', require('../runtimes/table')],
  ['platforms', require('../platforms/table')]
]) {
  test(`docs/${name}.md: its table contains the stored results`, () => {
    const [text] = TABLE.exec(fs.readFileSync(PAGE, 'utf8'))
    assert.equal(text, `<!-- table: begin -->\n${table()}<!-- table: end -->`,
      `npm run test:${name} -- --table writes it`)
  })
}
