'use strict'

// npm run release: packs the tarballs of a version into an empty folder, or publishes the tarballs of a folder. The
// workflow .github/workflows/release.yml does both, with tests in between.

const fs = require('node:fs')
const path = require('node:path')
const { Failure, npm, main } = require('./support')
const { mainManifest } = require('./packages')
const { hasOwner, home } = require('./home')
const { pack, packed } = require('./packing')

const USAGE = `Usage: npm run release -- [--publish] <folder>

  <folder>   the folder for the tarballs: empty, or not created yet
  --publish  publishes the tarballs in the folder, with provenance, which npm provides only in a workflow`

main((args) => {
  const [folder, ...rest] = args.filter((arg) => arg !== '--publish')
  if (folder === undefined || folder.startsWith('-') || rest.length > 0) throw new Failure(USAGE)
  if (args.includes('--publish')) publish(path.resolve(folder))
  else make(path.resolve(folder))
})

function make (folder) {
  fs.mkdirSync(folder, { recursive: true })
  if (fs.readdirSync(folder).length > 0) {
    throw new Failure(`${folder} is not empty: name an empty folder, or one that does not exist.`)
  }
  pack(folder)
  for (const file of packed(folder)) console.log(`${path.basename(file)}: ${fs.statSync(file).size} bytes`)
}

function publish (folder) {
  if (!hasOwner()) {
    throw new Failure(`The URL of the repository is a placeholder, ${home()}. Set it: npm run home -- <url>`)
  }
  const tag = `v${mainManifest().version}`
  const { GITHUB_REF_NAME: actual } = process.env
  if (actual !== tag) {
    throw new Failure(`GITHUB_REF_NAME is ${actual}; expected ${tag}. To publish, push the tag ${tag}.`)
  }
  for (const file of packed(folder)) npm(['publish', file, '--provenance', '--access', 'public'])
}
