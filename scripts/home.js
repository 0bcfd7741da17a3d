'use strict'

// npm run home: where the repository is. package.json's `repository` says it; this changes it, and with it everything
// that is made of it: other fields, links that leave the package, and the packages under npm/.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure, run, main } = require('./support')
const { mainManifest, writePackages } = require('./packages')

/** The owner until there is one: no link to it works, and no package is published with it. */
const NO_OWNER = 'OWNER'
const URL = /^https:\/\/[\w.-]+(\/[\w.-]+)+(?<!\.git)$/
/** Those in npm/ are made. */
const FILES = ['*.md', 'package.json', ':!npm']

const USAGE = `Usage: npm run home [-- <url>]

  <url>  of the repository, without .git, as https://github.com/${NO_OWNER}/faye-websocket-rs; without it, prints it`

/** The URL of the repository as people open it. */
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
