'use strict'

// npm run generate: remakes what the napi CLI makes, binding.d.ts; the packages under npm/; and the licences of what is
// linked into the addons.
//
// The CLI is fetched for the occasion and is no development dependency: it asks for a newer Node than the package
// does, and only those who change the native interface need it. It works in directories of its own under target/,
// because it sets variables that make cargo compile the binding again, and because it would overwrite an addon that
// a running process has mapped.

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
    throw new Failure(`The napi CLI needs Node 20.17 or newer. This is Node ${process.versions.node}.`)
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
