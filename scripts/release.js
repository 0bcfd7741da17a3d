'use strict'

// npm run release: makes all tarballs of a version in an empty folder, and publishes them if it is told to. The
// workflow .github/workflows/release.yml calls it when the addons of all platforms are in npm/.

const fs = require('node:fs')
const path = require('node:path')
const { Failure, npm, main } = require('./support')
const { pack } = require('./packing')

const USAGE = `Usage: npm run release -- <folder> [--publish]

  <folder>   where the tarballs are put; empty, or not there yet
  --publish  publishes them, with provenance, which npm makes in a workflow only`

main((args) => {
  const [folder, ...rest] = args
  const isPublishing = rest.length === 1 && rest[0] === '--publish'
  if (folder === undefined || folder.startsWith('-') || (rest.length > 0 && !isPublishing)) throw new Failure(USAGE)
  fs.mkdirSync(folder, { recursive: true })
  if (fs.readdirSync(folder).length > 0) throw new Failure(`${folder} is not empty.`)
  const tarballs = pack(path.resolve(folder))
  for (const file of tarballs) console.log(`${path.basename(file)}: ${fs.statSync(file).size} bytes`)
  if (!isPublishing) return
  for (const file of tarballs) npm(['publish', file, '--provenance', '--access', 'public'])
})
