'use strict'

// The Node test files, for the scripts that run them.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure } = require('./support')

/** Rooms with npm dependencies of their own. */
const ROOMS = ['dependents', 'managers', 'modules']

// Returns single files for `node --test`: a directory fails on Node 22, a quoted glob on Node 18 and 20.
function testFiles (filters) {
  const files = walk('__test__').filter((file) => file.endsWith('.test.js')).sort()
  const chosen = files.filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  if (chosen.length > 0) return chosen
  throw new Failure(`No test file matches ${filters.join(' ')}. The files are:\n${files.join('\n')}`)
}

function walk (directory) {
  return fs.readdirSync(path.join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return []
    const child = directory + '/' + entry.name
    return entry.isDirectory() ? walk(child) : [child]
  })
}

module.exports = { ROOMS, testFiles }
