'use strict'

// One of the bundlers that `npm run test:bundlers` runs: the one that the project has in any case.

const test = require('node:test')
const fs = require('node:fs')
const path = require('node:path')

const { ROOT } = require('../package/process')
const { follow, project, recipes } = require('./project')

const MODULES = path.join(ROOT, 'node_modules')
const isBuilt = fs.existsSync(path.join(ROOT, 'lib/wasm/module.js'))
const skip = isBuilt ? false : 'lib/wasm/module.js is not built: npm run build:wasm'

test('docs: the recipe for esbuild makes programs that run', { skip }, async () => {
  await follow(recipes().get('esbuild'), await project(MODULES), MODULES)
})
