'use strict'

// npm run cross: fetches what builds for another target needs, before it is needed. What is there is left alone.

const { Failure, main } = require('../support')
const { CACHE, VARIABLE } = require('./cache')
const { BUILT_HERE } = require('../build_platforms')
const { wayTo } = require('./addon')
const { rustFor, WASM } = require('./rust')

/** What builds each target, in words. */
const PARTS = {
  wasm: () => rustFor(WASM).compiler,
  ...Object.fromEntries(BUILT_HERE.map((platform) => [platform.name, () => {
    const { target, linker } = wayTo(platform)
    return `${rustFor(target).compiler}, ${linker}`
  }]))
}

const USAGE = `Usage: npm run cross -- [name ...]

  name   of what is to be built: ${Object.keys(PARTS).join(', ')};
         all of them

Everything is kept in ${CACHE}; ${VARIABLE} names another folder.`

if (require.main === module) {
  main((args) => {
    const unknown = args.find((arg) => !(arg in PARTS))
    if (unknown) throw new Failure(`Unknown argument: ${unknown}\n${USAGE}`)
    for (const name of args.length > 0 ? args : Object.keys(PARTS)) {
      console.log(`${name}: ${PARTS[name]()}`)
    }
  })
}
