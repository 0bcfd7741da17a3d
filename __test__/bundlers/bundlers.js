'use strict'

// `npm run test:bundlers`: all recipes of docs/bundlers.md, but for that of Electron, whose binary is not on npm.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { once } = require('node:events')

const { ensureDependencies } = require('../../scripts/support')
const { codeBlocks } = require('../package/pages')
const { run, start } = require('../package/process')
const { follow, project, recipes } = require('./project')

ensureDependencies('__test__/bundlers')

const MODULES = path.join(__dirname, 'node_modules')
const UNTESTED = ['Electron']

const all = recipes()
for (const [name, recipe] of all) {
  if (UNTESTED.includes(name) || name === 'Next.js') continue
  test(`docs: the recipe for ${name} makes programs that run`, async () => {
    await follow(recipe, await project(MODULES), MODULES)
  })
}

test('docs: the recipe for Next.js makes a server whose routes have the addon', async () => {
  const folder = await project(MODULES)
  fs.cpSync(path.join(__dirname, 'next'), folder, { recursive: true })
  const config = codeBlocks().find(({ file }) => file === 'next.config.js')
  fs.writeFileSync(path.join(folder, 'next.config.js'), config.text)
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1' }
  const next = path.join(MODULES, 'next/dist/bin/next')
  // Turbopack refuses packages that are links to places outside of the project; webpack does not.
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

/** Waits until a program has printed this. */
async function printed (program, pattern) {
  for (;;) {
    const match = pattern.exec(program.result.stdout)
    if (match) return match
    await once(program.child.stdout, 'data')
  }
}
