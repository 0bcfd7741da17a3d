'use strict'

// npm run build:platforms: compiles the addon for other platforms, as far as this machine can, and puts each into its
// package under npm/.

const fs = require('node:fs')
const path = require('node:path')
const { Failure, ensureDependencies, main } = require('./support')
const { PLATFORMS } = require('./platform')
const { fillPackage, packageFolder } = require('./packages')
const { compileAddon, OUTPUT } = require('./cross/addon')
const { inspectAddon } = require('./cross/inspect')

/** Without Windows' linker there is no library to link with. */
const BUILT_HERE = PLATFORMS.filter(({ os, cpu }) => os !== 'win32' || cpu === 'x64' || process.platform === 'win32')

const USAGE = `Usage: npm run build:platforms -- [name ...]

  name   of a platform: ${PLATFORMS.map(({ name }) => name).join(', ')};
         all that this machine can build`

/**
 * What is known of a built addon, for the table of the platforms.
 *
 * @param {{ name: string }} platform
 * @param {{ quick?: boolean }} [options] the one that `buildQuickly` has made
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
 * Hardly optimised, to see that it builds and runs: never for publishing, and so not in npm/.
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
    console.log('\n| package | target | built by | bytes | needs |\n| --- | --- | --- | --- | --- |')
    for (const { name, target, builder, size, floor } of records) {
      console.log(`| ${name} | ${target} | ${builder} | ${size} | ${floor} |`)
    }
    if (records.some(({ target }) => target.endsWith('windows-gnu'))) {
      console.log('\nThe addon of win32-x64-msvc that is published is built by MSVC on Windows. This one, by another ' +
        'linker\nfor another C library, shows that the code works there.')
    }
    console.log(`\nSymbols for debuggers and profilers: ${path.join(OUTPUT, 'symbols')}`)
  })
}

module.exports = { recordOf, buildPlatform, buildQuickly, BUILT_HERE }
