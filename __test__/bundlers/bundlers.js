'use strict'

// `npm run test:bundlers`: all recipes of docs/bundlers.md except Electron, whose program is not in the npm registry.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { once } = require('node:events')

const { ensureDependencies } = require('../../scripts/support')
const { fileBlock } = require('../package/pages')
const { run, start } = require('../package/process')
const { follow, project, recipes } = require('./project')

ensureDependencies('__test__/bundlers')

const MODULES = path.join(__dirname, 'node_modules')
const UNTESTED = ['Electron']
const WITH_EXTERNALS = ['esbuild', 'webpack', 'Rollup', 'Vite, for servers']
/** Programs that load the addon of the tarball: those with an external package, and those that contain the addon. */
const NATIVE_WITH_TARBALL = ['node dist/app.js', 'node dist/external.cjs', 'node dist/rollup.external.js',
  'node dist/vite/app.js', 'node dist/ncc/index.js', 'dist/bun']
const EXTERNAL = ['app.js', 'external.cjs', 'rollup.external.js', 'vite/app.js']
const MAX_EXTERNAL_SIZE = 20000
const ALL_INTERFACES = `
import WebSocket from 'faye-websocket-rs'
import driver from 'faye-websocket-rs/websocket-driver'
import deflate from 'faye-websocket-rs/permessage-deflate'
import websocket from 'faye-websocket-rs/websocket'

console.log(WebSocket.runtime, driver.runtime, websocket.runtime, typeof deflate.configure)
`

const all = new Map([...recipes()].filter(([name, { commands }]) =>
  !UNTESTED.includes(name) && commands.some(({ prints }) => prints)))

for (const [name, recipe] of all) {
  test(`docs: the programs of the recipe for ${name} run`, async () => {
    await follow(recipe, await project(MODULES), MODULES)
  })

  // Its second program requires the package of the platform.
  if (name === 'Ship only the bundle') continue
  test(`docs: with the tarball of a checkout, the recipe for ${name} works as the page says`, async () => {
    await follow(recipe, await project(MODULES, { tarball: true }), MODULES, (prints, line) =>
      NATIVE_WITH_TARBALL.includes(line) ? prints : prints.replace('native', 'wasm'))
  })
}

test('docs: all interfaces compile without warnings, and the settings for externals cover them', async () => {
  const folder = await project(MODULES)
  fs.writeFileSync(path.join(folder, 'app.js'), ALL_INTERFACES)
  for (const name of WITH_EXTERNALS) {
    await follow(all.get(name), folder, MODULES, () => 'native native native function')
  }
  for (const file of EXTERNAL) {
    const { size } = fs.statSync(path.join(folder, 'dist', file))
    assert.ok(size < MAX_EXTERNAL_SIZE, `${file} has ${size} bytes`)
  }
})

test('docs: without an addon in node_modules, a bundle of ncc runs WebAssembly', async () => {
  const folder = await project(MODULES)
  for (const name of fs.readdirSync(path.join(folder, 'node_modules'))) {
    if (/^faye-websocket-rs-/.test(name)) fs.rmSync(path.join(folder, 'node_modules', name), { recursive: true })
  }
  await follow(all.get('ncc'), folder, MODULES, (prints) => prints.replace('native', 'wasm'))
})

for (const [way, text] of [['external', fileBlock('next.config.js')], ['in the bundle', 'export default {}']]) {
  test(`docs: with Next.js, routes load the addon if the package is ${way}`, async () => {
    const folder = await project(MODULES)
    fs.cpSync(path.join(__dirname, 'next'), folder, { recursive: true })
    fs.writeFileSync(path.join(folder, 'next.config.js'), text)
    const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', FAYE_WEBSOCKET_RUNTIME: '' }
    const next = path.join(MODULES, 'next/dist/bin/next')
    // Turbopack refuses packages that are links to folders outside of the project. webpack accepts them.
    await run(process.execPath, [next, 'build', '--webpack'], { cwd: folder, env, timeout: 300000 })
    const args = [next, 'start', '--port', '0', '--hostname', '127.0.0.1']
    const server = start(process.execPath, args, { cwd: folder, env })
    try {
      const [, port] = await printed(server, /http:\/\/127\.0\.0\.1:(\d+)/)
      const [response] = await once(http.get({ host: '127.0.0.1', port, path: '/echo', agent: false }), 'response')
      let text = ''
      for await (const chunk of response.setEncoding('utf8')) text += chunk
      assert.equal(text, 'Hello, runtime native')
    } finally {
      server.child.kill()
    }
  })
}

/** Waits until the output of a program matches. */
async function printed (program, pattern) {
  for (;;) {
    const match = pattern.exec(program.result.stdout)
    if (match) return match
    await once(program.child.stdout, 'data')
  }
}
