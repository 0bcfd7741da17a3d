'use strict'

// The names and paths under which programs load WebSocket-Node.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const path = require('node:path')
const { promisify } = require('node:util')

const { inScope, test } = require('../support/test')

const ROOT = 'faye-websocket-rs/websocket'
const PATHS = {
  WebSocketServer: 'server',
  WebSocketClient: 'client',
  WebSocketConnection: 'connection',
  WebSocketRequest: 'request',
  WebSocketRouter: 'router',
  WebSocketFrame: 'frame',
  W3CWebSocket: 'w3cwebsocket',
  Deprecation: 'deprecation',
  version: 'version'
}

/** Returns the JSON that a program prints. */
async function program (script, ...flags) {
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, '-e', script], { cwd: __dirname })
  return JSON.parse(stdout)
}

test('the package exports the names of the original', () => {
  const names = Object.keys(require('websocket'))
  assert.deepEqual(Object.keys(require(ROOT)), [...names, 'runtime', 'runtimeReason'])
  for (const name of names) assert.equal(typeof require(ROOT)[name], typeof require('websocket')[name], name)
})

test('the version is the original\'s', () => {
  assert.equal(require(ROOT).version, require('websocket').version)
})

for (const [file, name] of Object.entries(PATHS)) {
  test(`lib/${file} is ${name}, with and without its extension`, () => {
    const expected = require(ROOT)[name]
    assert.notEqual(expected, undefined)
    assert.equal(require(`${ROOT}/lib/${file}`), expected)
    assert.equal(require(`${ROOT}/lib/${file}.js`), expected)
  })
}

test('lib/websocket is the package itself', () => {
  assert.equal(require(`${ROOT}/lib/websocket`), require(ROOT))
  assert.equal(require(`${ROOT}/lib/websocket.js`), require(ROOT))
})

test('lib/WebSocketRouterRequest is the class of the requests that a router passes to its handlers', () => {
  const WebSocketRouterRequest = require(`${ROOT}/lib/WebSocketRouterRequest.js`)
  const { router: Router } = require(ROOT)
  const router = new Router()
  const given = []
  router.mount('*', '*', (request) => given.push(request))
  router.handleRequest({ requestedProtocols: ['a'], resourceURL: { pathname: '/' } })
  assert.ok(given[0] instanceof WebSocketRouterRequest)
  assert.equal(given[0].protocol, 'a')
})

for (const [name, Class] of [['server', 'WebSocketServer'], ['client', 'WebSocketClient']]) {
  test(`the class of ${name} has the name and the length of the original's`, () => {
    const ours = require(ROOT)[name]
    const original = require('websocket')[name]
    assert.deepEqual([ours.name, ours.length], [Class, original.length])
  })
}

test('an ES module imports the names', async () => {
  const script = `import { server, version } from '${ROOT}'; console.log(JSON.stringify([typeof server, version]))`
  assert.deepEqual(await program(script, '--input-type=module'), ['function', '1.0.35'])
})

test('with the condition browser, the package exports w3cwebsocket and version and loads no addon', async () => {
  const script = `
    delete globalThis.WebSocket
    const exported = require('${ROOT}')
    const loaded = Object.keys(require.cache).filter((file) => !/websocket.(browser|version)/.test(file))
    console.log(JSON.stringify([exported, loaded]))`
  assert.deepEqual(await program(script, '-C', 'browser'), [{ w3cwebsocket: null, version: '1.0.35' }, []])
})

test('a bundle for browsers contains only browser.js and version.js', async () => {
  const { metafile } = await require('esbuild').build({
    stdin: { contents: `module.exports = require('${ROOT}')`, resolveDir: __dirname },
    bundle: true,
    metafile: true,
    platform: 'browser',
    write: false
  })
  const files = Object.keys(metafile.inputs).map((file) => path.basename(file)).filter((file) => file !== '<stdin>')
  assert.deepEqual(files.sort(), ['browser.js', 'version.js'])
})

test('w3cwebsocket in a browser is the browser\'s WebSocket', async () => {
  const script = `
    globalThis.WebSocket = class WebSocket {
      static CONNECTING = 0
      static OPEN = 1
      static CLOSING = 2
      static CLOSED = 3
      constructor (...given) { this.given = given }
    }
    const { w3cwebsocket } = require('${ROOT}/lib/browser')
    const { CONNECTING, OPEN, CLOSING, CLOSED } = w3cwebsocket
    const made = [new w3cwebsocket('ws://a'), new w3cwebsocket('ws://a', ['b'], 'origin', {})]
    console.log(JSON.stringify([
      [CONNECTING, OPEN, CLOSING, CLOSED], made.map((each) => each.given), made[0] instanceof WebSocket,
      Object.keys(w3cwebsocket)
    ]))`
  assert.deepEqual(await program(script), [[0, 1, 2, 3], [['ws://a'], ['ws://a', ['b']]], true, []])
})

// Helpers of the original's lib/utils.

test('lib/utils has the helpers of the original', async () => {
  const utils = require(`${ROOT}/lib/utils`)
  const original = require('websocket/lib/utils')
  assert.equal(require(`${ROOT}/lib/utils.js`), utils)
  assert.deepEqual(Object.keys(utils), Object.keys(original))
  for (const name of ['eventEmitterListenerCount', 'bufferAllocUnsafe', 'bufferFromString']) {
    assert.equal(utils[name], original[name], name)
  }
  assert.equal(utils.noop(), undefined)
  const target = { a: 1 }
  utils.extend(target, Object.assign(Object.create({ b: 2 }), { c: 3 }))
  assert.deepEqual(target, { a: 1, b: 2, c: 3 })
})

test('printOutput of a BufferingLogger prints the collected lines', async () => {
  const script = `
    const lines = []
    const { BufferingLogger } = require('${ROOT}/lib/utils')
    const log = BufferingLogger('on', 'the id')
    log('first %s', 1)
    log(null)
    log('second')
    log.printOutput((...given) => lines.push(given.map((each, index) => index === 1 ? typeof each : each)))
    const off = BufferingLogger('off', 'x')
    console.log(JSON.stringify([lines, log.enabled, off.enabled, off.printOutput() === undefined]))`
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
    cwd: __dirname,
    env: { ...process.env, DEBUG: 'on' }
  })
  assert.deepEqual(JSON.parse(stdout), [
    [['%s - %s - first %s', 'string', 'the id', 1], ['%s - %s - second', 'string', 'the id']], true, false, true
  ])
})

test('deprecation warns once about each name that a program has added', async () => {
  const { deprecation } = require(ROOT)
  const original = require('websocket').deprecation
  const outputs = []
  await inScope((scope) => {
    const { warn } = console
    scope.defer(() => { console.warn = warn })
    for (const each of [original, deprecation]) {
      const lines = []
      console.warn = (...given) => lines.push(given)
      each.warn('unknown')
      each.deprecationWarningMap.old = 'old is gone'
      each.warn('old')
      each.warn('old')
      each.deprecationWarningMap.other = 'other is gone'
      each.disableWarnings = true
      each.warn('other')
      each.disableWarnings = false
      lines.push(Object.keys(each), { ...each.deprecationWarningMap })
      each.deprecationWarningMap = {}
      outputs.push(lines)
    }
  })
  assert.deepEqual(outputs[1], outputs[0])
  assert.deepEqual(outputs[1][0], ['DEPRECATION WARNING: old is gone'])
})
