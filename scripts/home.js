'use strict'

// npm run home: prints or changes the URL of the repository. package.json's `repository` contains it. A change also
// updates everything derived from it: other fields, links that leave the package, and the packages under npm/.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure, run, main } = require('./support')
const { mainManifest, writePackages } = require('./packages')

/** The placeholder for an owner. While the URL contains it, no link works, and `npm run release` does not publish. */
const NO_OWNER = 'OWNER'
const URL = /^https:\/\/[\w.-]+(\/[\w.-]+)+(?<!\.git)$/
/** The files in npm/ are generated. */
const FILES = ['*.md', 'package.json', ':!npm']

const USAGE = `Usage: npm run home [-- <url>]

  <url>  sets the URL of the repository, without .git, for example https://github.com/${NO_OWNER}/faye-websocket-rs.
         Default: prints the URL`

/** Returns the URL of the repository for a browser. */
function home () {
  return mainManifest().repository.url.replace(/^git\+|\.git$/g, '')
}

function hasOwner () {
  return !home().includes(`/${NO_OWNER}/`)
}

/** @param {string} url */
function move (url) {
  const old = home()
  const files = execFileSync('git', ['ls-files', ...FILES], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  for (const file of files) {
    const text = fs.readFileSync(path.join(ROOT, file), 'utf8')
    if (text.includes(old)) fs.writeFileSync(path.join(ROOT, file), text.replaceAll(old, url))
  }
  writePackages()
  run(process.execPath, ['scripts/aliases.js'])
}

if (require.main === module) {
  main(([url, ...rest]) => {
    if (rest.length > 0 || (url !== undefined && !URL.test(url))) throw new Failure(USAGE)
    if (url !== undefined) move(url)
    console.log(home())
  })
}

module.exports = { hasOwner, home }
