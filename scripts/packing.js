'use strict'

// Makes the tarballs of a release, all with one version: the main package without an addon, which names the packages
// of the platforms as optional dependencies; these packages; and the aliases of npm/aliases. (`npm pack` in a
// checkout is different: its tarball contains the addon of this machine and works alone.)

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, Failure, npm } = require('./support')
const { ALIASES, FOLDER } = require('./aliases')
const { PLATFORMS } = require('./platform')
const { packageFolder, packageName, mainManifest } = require('./packages')
const { MODULE } = require('./wasm')

/** Fields that serve only the checkout. */
const DEVELOPMENT = ['scripts', 'devDependencies', 'napi']

/**
 * @param {string} folder the folder for the tarballs
 * @param {string[]} [packages] the folders of platforms to pack; the main package names all platforms
 * @returns {string[]} the tarballs
 */
function pack (folder, packages = PLATFORMS.map(packageFolder)) {
  const missing = missingFiles(packages)
  if (missing.length > 0) {
    throw new Failure(`These files are missing:\n${missing.join('\n')}\n` +
      'npm run build:platforms and npm run build:wasm build them, each on a machine that can.')
  }
  const different = differentVersions()
  if (different.length > 0) {
    throw new Failure(`The versions of these differ from package.json's:\n${different.join('\n')}\n` +
      'Run npm run generate for those in npm/, and edit Cargo.toml.')
  }
  const staged = fs.mkdtempSync(path.join(os.tmpdir(), 'faye-websocket-rs-pack-'))
  try {
    stageMain(staged)
    return [...packages, staged, ...aliasFolders()].map((from) => packFolder(from, folder))
  } finally {
    fs.rmSync(staged, { recursive: true, force: true })
  }
}

function missingFiles (packages) {
  const addons = packages.map((folder) => path.join(folder, manifestIn(folder).main))
  return [...addons, MODULE]
    .filter((file) => !fs.existsSync(file))
    .map((file) => path.relative(ROOT, file))
}

/**
 * Returns packages whose version is not ours. The versions must be equal, so that JavaScript never loads an addon of
 * another version.
 */
function differentVersions () {
  const { name, version } = mainManifest()
  const packages = [...PLATFORMS.map(packageFolder), ...aliasFolders()].filter((folder) => {
    const manifest = manifestIn(folder)
    return manifest.version !== version || (manifest.dependencies?.[name] ?? version) !== version
  })
  const crates = fs.readFileSync(path.join(ROOT, 'Cargo.toml'), 'utf8')
  const [, ofCrates] = /^\[workspace\.package\]\nversion = "(.*)"$/m.exec(crates) ?? []
  return [...packages.map((folder) => path.relative(ROOT, folder)), ...(ofCrates === version ? [] : ['Cargo.toml'])]
}

function stageMain (folder) {
  const listed = npm(['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], {
    stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 26
  })
  for (const { path: file } of JSON.parse(listed.stdout)[0].files) {
    if (file.endsWith('.node')) continue
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
    fs.copyFileSync(path.join(ROOT, file), path.join(folder, file))
  }
  const manifest = mainManifest()
  for (const field of DEVELOPMENT) delete manifest[field]
  manifest.optionalDependencies = Object.fromEntries(PLATFORMS.map((platform) => {
    return [packageName(platform), manifest.version]
  }))
  fs.writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest, null, 2) + '\n')
}

function packFolder (from, folder) {
  const { stdout } = npm(['pack', '--json', '--loglevel=error', '--pack-destination', folder], {
    cwd: from, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: 1 << 26
  })
  return path.join(folder, JSON.parse(stdout)[0].filename)
}

/**
 * Returns the tarballs of a release that pack() has made. A package comes after its dependencies.
 *
 * @param {string} folder
 * @returns {string[]}
 */
function packed (folder) {
  const { version } = mainManifest()
  const aliases = aliasFolders().map((alias) => manifestIn(alias).name)
  const names = [...PLATFORMS.map(packageName), mainManifest().name, ...aliases]
  // The file names that npm uses.
  const expected = names.map((name) => `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`)
  const found = fs.readdirSync(folder)
  const missing = expected.filter((file) => !found.includes(file))
  const others = found.filter((file) => !expected.includes(file))
  if (missing.length > 0) throw new Failure(`These tarballs are missing in ${folder}:\n${missing.join('\n')}`)
  if (others.length > 0) {
    throw new Failure(`These files in ${folder} are not tarballs of version ${version}:\n${others.join('\n')}`)
  }
  return expected.map((file) => path.join(folder, file))
}

function aliasFolders () {
  return ALIASES.map(({ original }) => path.join(ROOT, FOLDER, original))
}

function manifestIn (folder) {
  return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'))
}

module.exports = { pack, packed }
