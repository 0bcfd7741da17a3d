'use strict'

// The packages of the platforms under npm/. Each contains the addon of one platform and nothing else. npm installs
// the package whose `os`, `cpu` and `libc` match the machine, so none of them has a script. npm run generate writes
// their package.json and README.md; `npm run build:platforms` adds files that git ignores.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT } = require('./support')
const { PLATFORMS, addonName } = require('./platform')

/** Files that are stored once in the checkout and packed into every package. */
const LICENCES = ['LICENSE', 'THIRD-PARTY-NOTICES.txt']
/** Fields that are equal to the main package's. */
const COMMON = ['license', 'repository', 'homepage', 'bugs', 'engines']

/** @param {import('./platform').Platform} platform */
function packageFolder ({ name }) {
  return path.join(ROOT, 'npm', name)
}

function packageName ({ name }) {
  return `${mainManifest().name}-${name}`
}

/** Writes the files that are committed. */
function writePackages () {
  for (const platform of PLATFORMS) {
    const folder = packageFolder(platform)
    fs.mkdirSync(folder, { recursive: true })
    fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifestOf(platform), null, 2) + '\n')
    fs.writeFileSync(path.join(folder, 'README.md'), readmeOf(platform))
  }
}

function manifestOf (platform) {
  const main = mainManifest()
  const file = addonName(platform.name)
  return {
    name: packageName(platform),
    version: main.version,
    description: `The compiled addon of ${main.name} for ${inWords(platform)}`,
    ...Object.fromEntries(COMMON.filter((field) => field in main).map((field) => [field, main[field]])),
    os: [platform.os],
    cpu: [platform.cpu],
    ...(platform.libc ? { libc: [platform.libc] } : {}),
    main: file,
    files: [file, ...LICENCES]
  }
}

function readmeOf (platform) {
  const { name, homepage } = mainManifest()
  return `# ${packageName(platform)}

The compiled addon of [\`${name}\`](${homepage}) for ${inWords(platform)}
(Rust's target \`${platform.target}\`).

Install \`${name}\`: npm then installs this package on the platforms that it is for. Do not install or require it
yourself.
`
}

const SYSTEMS = { linux: 'Linux', win32: 'Windows', darwin: 'macOS' }
const LIBRARIES = { glibc: 'glibc 2.17 or newer', musl: 'musl' }

function inWords ({ os, cpu, libc }) {
  return `${SYSTEMS[os]} on ${cpu}${libc ? ` with ${LIBRARIES[libc]}` : ''}`
}

/** Copies an addon and the licences into a package, for `npm pack`. */
function fillPackage (folder, platform, library) {
  fs.copyFileSync(library, path.join(folder, addonName(platform.name)))
  for (const file of LICENCES) fs.copyFileSync(path.join(ROOT, file), path.join(folder, file))
}

/** @returns {any} */
function mainManifest () {
  return JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
}

module.exports = { packageFolder, packageName, writePackages, fillPackage, mainManifest }
