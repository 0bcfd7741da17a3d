'use strict'

// One of the bundlers that `npm run test:bundlers` runs: esbuild, because it is a dependency for development.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const { isBuiltin } = require('node:module')
const path = require('node:path')
const esbuild = require('esbuild')

const { ROOT, run } = require('../package/process')
const { codeBlocks } = require('../package/pages')
const { follow, project, recipes, shell } = require('./project')

const MODULES = path.join(ROOT, 'node_modules')
const VERSIONS = require('./package.json').dependencies
const BANNER = '"--banner:js=import { createRequire } from \'node:module\'; ' +
  'const require = createRequire(import.meta.url)"'
const isBuilt = fs.existsSync(path.join(ROOT, 'lib/wasm/module.js'))
const skip = isBuilt ? false : 'lib/wasm/module.js is not built: npm run build:wasm'

test('docs: the programs of the recipe for esbuild run', { skip }, async () => {
  await follow(recipes().get('esbuild'), await project(MODULES), MODULES)
})

test('docs: a bundle alone runs WebAssembly, and the addon beside the package of the platform', { skip }, async () => {
  await follow(recipes().get('Ship only the bundle'), await project(MODULES), MODULES)
})

test('docs: with the tarball of a checkout, only an external package runs the addon', { skip }, async () => {
  const folder = await project(MODULES, { tarball: true })
  await follow(recipes().get('esbuild'), folder, MODULES, (prints, line) =>
    line === 'node dist/app.js' ? prints : prints.replace('native', 'wasm'))
})

test('docs: a program without the external package prints the error of the page', { skip }, async () => {
  const folder = await project(MODULES)
  const bundle = recipes().get('esbuild').commands.find(({ line }) => line.includes('--external'))
  await shell(bundle.line, folder, MODULES)
  const moved = path.join(folder, '../app.mjs')
  fs.renameSync(path.join(folder, 'dist/app.js'), moved)
  await assert.rejects(run(process.execPath, [moved]), /Cannot find package 'faye-websocket-rs'/)
})

test('docs: without the banner, a bundle in the format of ES modules fails as the page says', { skip }, async () => {
  const folder = await project(MODULES)
  const { line } = recipes().get('esbuild').commands.find(({ line }) => line.includes('--banner'))
  await shell(line.replace(/ "--banner.*"/, ''), folder, MODULES)
  await assert.rejects(run(process.execPath, ['dist/app.mjs'], { cwd: folder }),
    /Dynamic require of "node:[a-z_]+" is not supported/)
})

test('docs: the version of the package of the platform is that of this package', () => {
  const page = fs.readFileSync(path.join(ROOT, 'docs/bundlers.md'), 'utf8')
  const versions = [...page.matchAll(/faye-websocket-rs-linux-x64-gnu@([\d.]*\d)/g)].map(([, version]) => version)
  assert.deepEqual([...new Set(versions)], [require('../../package.json').version])
})

test('docs: the versions of the tools are those that the tests run', () => {
  const { text } = codeBlocks().find(({ file }) => file === 'tools.txt')
  const named = [...text.matchAll(/ (@?[\w./-]+)@([\w.-]+)/g)].map(([, name, version]) => [name, version])
  assert.ok(named.length > 5)
  for (const [name, version] of named) assert.equal(version, VERSIONS[name], name)
})

test('a bundle of all interfaces imports only modules of Node: webpack warns of packages in `try`', async () => {
  const entries = ['index.js', 'lib/websocket/index.js', 'lib/websocket-driver/index.js',
    'lib/permessage-deflate/index.js'].map((file) => path.join(ROOT, file))
  const { metafile, warnings } = await esbuild.build({
    entryPoints: entries, bundle: true, platform: 'node', write: false, outdir: 'dist', metafile: true,
    external: ['debug', '*/module.js']
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports)
  const names = imports.filter((each) => each.external).map(({ path }) => path)
  assert.deepEqual(names.filter((name) => !isBuiltin(name) && !name.endsWith('/module.js')), [])
  assert.deepEqual(warnings, [])
})

for (const format of ['cjs', 'esm']) {
  test(`a bundle (${format}) finds the package debug beside it`, { skip }, async () => {
    const folder = await project(MODULES)
    const extension = format === 'esm' ? 'mjs' : 'cjs'
    fs.writeFileSync(path.join(folder, 'log.js'), `
      import { BufferingLogger } from 'faye-websocket-rs/websocket/lib/utils'
      console.log(BufferingLogger('on', 'id', 0).enabled)`)
    const banner = format === 'esm' ? BANNER : ''
    const options = `--bundle --platform=node --format=${format} --outfile=dist/log.${extension}`
    await shell(`npx esbuild log.js ${options} ${banner}`, folder, MODULES)
    const log = () => run(process.execPath, [`dist/log.${extension}`], {
      cwd: folder, env: { ...process.env, DEBUG: 'on' }
    })
    assert.equal((await log()).stdout, 'false\n')
    fs.symlinkSync(path.join(MODULES, 'debug'), path.join(folder, 'node_modules/debug'), 'junction')
    assert.equal((await log()).stdout, 'true\n')
  })
}
