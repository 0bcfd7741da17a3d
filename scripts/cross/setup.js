'use strict'

// npm run cross: fetches what builds for another target needs, before it is needed. What is there is left alone.

const { Failure, main } = require('../support')
const { CACHE, VARIABLE } = require('./cache')
const { rustFor, WASM } = require('./rust')

const PARTS = {
  wasm: () => rustFor(WASM)
}

const USAGE = `Usage: npm run cross -- [name ...]

  name   of what is to be built: ${Object.keys(PARTS).join(', ')}; all of them

Everything is kept in ${CACHE}; ${VARIABLE} names another folder.`

if (require.main === module) {
  main((args) => {
    const unknown = args.find((arg) => !(arg in PARTS))
    if (unknown) throw new Failure(`Unknown argument: ${unknown}\n${USAGE}`)
    for (const name of args.length > 0 ? args : Object.keys(PARTS)) {
      const { compiler } = PARTS[name]()
      console.log(`${name}: ${compiler}`)
    }
  })
}
