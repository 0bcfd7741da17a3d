'use strict'

// npm run build:platforms: compiles the addons of the platforms that this machine can build, and copies each into its
// package under npm/.

const fs = require('node:fs')
const path = require('node:path')
const { Failure, ensureDependencies, main } = require('./support')
const { PLATFORMS } = require('./platform')
const { fillPackage, packageFolder } = require('./packages')
const { compileAddon, OUTPUT } = require('./cross/addon')
const { inspectAddon } = require('./cross/inspect')

/** The platforms that this machine can build. Only Windows has the libraries for an addon of Windows on arm64. */
const BUILT_HERE = PLATFORMS.filter(({ os, cpu }) => os !== 'win32' || cpu === 'x64' || process.platform === 'win32')

const USAGE = `Usage: npm run build:platforms -- [name ...]

  name   a platform: ${PLATFORMS.map(({ name }) => name).join(', ')}.
         Default: all that this machine can build`

/**
 * Returns the properties of a built addon, for the table of the platforms.
 *
 * @param {{ name: string }} platform
 * @param {{ quick?: boolean }} [options] quick: of the addon that `buildQuickly` has built
 */
function recordOf ({ name }, { quick = false } = {}) {
  const file = recordFile(quick ? `${name}.quick` : name)
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : undefined
}

function recordFile (name) {
  return path.join(OUTPUT, `${name}.json`)
}

function buildPlatform (platform) {
  console.log(`==> ${platform.name}`)
  const { library, builder, target } = compileAddon(platform)
  const record = { name: platform.name, target, builder, ...inspectAddon(library, platform) }
  fillPackage(packageFolder(platform), platform, library)
  fs.writeFileSync(recordFile(platform.name), JSON.stringify(record, null, 2) + '\n')
  return record
}

/**
 * Builds an addon with little optimisation, to check that it builds and runs. It must not be published, so it is not
 * copied into npm/.
 *
 * @returns {string} a folder like the package's
 */
function buildQuickly (platform) {
  const folder = path.join(OUTPUT, 'quick', platform.name)
  const { library, builder, target } = compileAddon(platform, { quick: true })
  const { floor } = inspectAddon(library, platform, { quick: true })
  const record = { name: platform.name, target, builder: `${builder}, low optimisation`, floor }
  fs.writeFileSync(recordFile(`${platform.name}.quick`), JSON.stringify(record, null, 2) + '\n')
  fs.rmSync(folder, { recursive: true, force: true })
  fs.cpSync(packageFolder(platform), folder, { recursive: true })
  fillPackage(folder, platform, library)
  return folder
}

if (require.main === module) {
  main((args) => {
    const unknown = args.find((name) => !PLATFORMS.some((platform) => platform.name === name))
    if (unknown) throw new Failure(`Unknown argument: ${unknown}\n${USAGE}`)
    ensureDependencies()
    const platforms = args.length > 0 ? PLATFORMS.filter(({ name }) => args.includes(name)) : BUILT_HERE
    const records = platforms.map(buildPlatform)
    console.log('\n| package | target | built with | bytes | requires |\n| --- | --- | --- | --- | --- |')
    for (const { name, target, builder, size, floor } of records) {
      console.log(`| ${name} | ${target} | ${builder} | ${size} | ${floor} |`)
    }
    if (records.some(({ target }) => target.endsWith('windows-gnu'))) {
      console.log('\nThis addon of win32-x64-msvc is for tests only: another linker built it for another C library.\n' +
        'The published addon is built with MSVC on Windows.')
    }
    console.log(`\nSymbols for debuggers and profilers: ${path.join(OUTPUT, 'symbols')}`)
  })
}

module.exports = { recordOf, buildPlatform, buildQuickly, BUILT_HERE }
