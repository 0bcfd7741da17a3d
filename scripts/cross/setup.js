'use strict'

// npm run cross: downloads the tools that builds for other targets need. Keeps existing ones.

const { Failure, main } = require('../support')
const { CACHE, VARIABLE } = require('./cache')
const { BUILT_HERE } = require('../build_platforms')
const { wayTo } = require('./addon')
const { rustFor, WASM } = require('./rust')

/** Functions that return the names of a target's tools. */
const PARTS = {
  wasm: () => rustFor(WASM).compiler,
  ...Object.fromEntries(BUILT_HERE.map((platform) => [platform.name, () => {
    const { target, linker } = wayTo(platform)
    return `${rustFor(target).compiler}, ${linker}`
  }]))
}

const USAGE = `Usage: npm run cross -- [name ...]

  name   the target to prepare for: ${Object.keys(PARTS).join(', ')}.
         Default: all

The tools are stored in ${CACHE}. Set ${VARIABLE} to use another folder.`

if (require.main === module) {
  main((args) => {
    const unknown = args.find((arg) => !(arg in PARTS))
    if (unknown) throw new Failure(`Unknown argument: ${unknown}\n${USAGE}`)
    for (const name of args.length > 0 ? args : Object.keys(PARTS)) {
      console.log(`${name}: ${PARTS[name]()}`)
    }
  })
}
