'use strict'

// npm run release: makes the tarballs of a version in an empty folder, or publishes those of a folder. The workflow
// .github/workflows/release.yml does both, with tests in between.

const fs = require('node:fs')
const path = require('node:path')
const { Failure, npm, main } = require('./support')
const { mainManifest } = require('./packages')
const { hasOwner, home } = require('./home')
const { pack, packed } = require('./packing')

const USAGE = `Usage: npm run release -- [--publish] <folder>

  <folder>   where the tarballs are put; empty, or not there yet
  --publish  publishes the tarballs that are there, with provenance, which npm makes in a workflow only`

main((args) => {
  const [folder, ...rest] = args.filter((arg) => arg !== '--publish')
  if (folder === undefined || folder.startsWith('-') || rest.length > 0) throw new Failure(USAGE)
  if (args.includes('--publish')) publish(path.resolve(folder))
  else make(path.resolve(folder))
})

function make (folder) {
  fs.mkdirSync(folder, { recursive: true })
  if (fs.readdirSync(folder).length > 0) throw new Failure(`${folder} is not empty.`)
  pack(folder)
  for (const file of packed(folder)) console.log(`${path.basename(file)}: ${fs.statSync(file).size} bytes`)
}

function publish (folder) {
  if (!hasOwner()) throw new Failure(`The repository is at ${home()}, which is no place yet: npm run home -- <url>`)
  const tag = `v${mainManifest().version}`
  const { GITHUB_REF_NAME: actual } = process.env
  if (actual !== tag) throw new Failure(`GITHUB_REF_NAME is ${actual}: push the tag ${tag}, which publishes.`)
  for (const file of packed(folder)) npm(['publish', file, '--provenance', '--access', 'public'])
}
