'use strict'

// npm run generate: writes the generated files. These are binding.d.ts, the packages under npm/, and the licences of
// the crates that are linked into the addons.
//
// npm downloads the napi CLI for each run. The CLI is not a development dependency: it requires a newer Node than the
// package, and only a change of the native interface requires it. It uses separate directories under target/, because
// it sets variables that make cargo compile the binding again, and because it would overwrite an addon that a running
// process has mapped.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure, npm, main } = require('./support')
const { writeAliases } = require('./aliases')
const { writeNotices } = require('./notices')
const { writePackages } = require('./packages')

const CLI = '@napi-rs/cli@3.10.12'
const OUTPUT = 'target/generated'

main(() => {
  if (!isNodeNewEnough()) {
    throw new Failure(`The napi CLI requires Node 20.17 or newer. This is Node ${process.versions.node}.`)
  }
  fs.mkdirSync(path.join(ROOT, OUTPUT), { recursive: true })
  napi('build', '--platform', '--release', '--target-dir', 'target/napi', '--output-dir', OUTPUT,
    '--no-js', '--dts', 'binding.d.ts', '--no-dts-cache', '--no-const-enum', '--', '--locked')
  fs.copyFileSync(path.join(ROOT, OUTPUT, 'binding.d.ts'), path.join(ROOT, 'binding.d.ts'))
  writePackages()
  writeNotices()
  writeAliases()
})

function napi (...args) {
  npm(['exec', '--yes', '--package=' + CLI, '--', 'napi', ...args], { name: 'napi ' + args[0] })
}

function isNodeNewEnough () {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major > 20 || (major === 20 && minor >= 17)
}
