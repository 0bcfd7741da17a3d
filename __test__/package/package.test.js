'use strict'

// The package as users get it: packed, installed from the tarball without a network, and used as README.md and docs/
// describe.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { once } = require('node:events')

const { addonName } = require('../../scripts/platform')
const { w3cwebsocket } = require('../../lib/websocket')
const { userPages, codeBlocks, fileBlock, deadLinks } = require('./pages')
const { ROOT, run, start, npm, temporaryFolder } = require('./process')

const ANY_PORT = path.join(__dirname, 'any-port.js')
const REGISTRY_NAME = /npm:faye-websocket-rs(@[^\s"]+)?/
const OFFLINE = ['--offline', '--no-audit', '--no-fund']

const manifest = require('../../package.json')

const folder = temporaryFolder()
const cache = path.join(folder, 'cache')
const tarball = path.join(folder, `${manifest.name}-${manifest.version}.tgz`)
const app = newFolder('app', { name: 'app', private: true })
// Here the package has its own name.
const named = newFolder('named', { name: 'named', private: true })
const installed = path.join(app, 'node_modules', 'faye-websocket')

// All other tests depend on this test.
test('README: the install line works offline, with the tarball in place of the registry name', async () => {
  await npm(['pack', '--pack-destination', folder], { cwd: ROOT, timeout: 300000 })
  await npm([...installLine().split(' ').slice(1), ...OFFLINE, '--cache', cache], { cwd: app })
  assert.deepEqual(fs.readdirSync(path.join(app, 'node_modules')).filter((name) => !name.startsWith('.')), [
    'faye-websocket'
  ])
})

test('the tarball contains only the code, the pages and the examples', () => {
  const files = walk(installed).sort()
  const addon = addonName()
  const code = ['binding.d.ts', 'index.d.ts', 'index.js', 'package.json', addon]
  const pages = [...userPages(), 'CHANGELOG.md', 'LICENSE', 'SECURITY.md', 'THIRD-PARTY-NOTICES.txt']
  const rest = files.filter((file) => !/^(lib|examples)\//.test(file))
  assert.deepEqual(rest, [...pages, ...code].sort())
  const examples = walk(path.join(ROOT, 'examples')).map((file) => `examples/${file}`)
  assert.deepEqual(files.filter((file) => file.startsWith('examples/')), examples.sort())
  for (const file of files.filter((file) => file.startsWith('lib/'))) assert.match(file, /\.(js|d\.ts)$/)
})

for (const page of [...userPages(), 'SECURITY.md', 'CHANGELOG.md']) {
  test(`${page}: no link is dead in an installed package`, () => {
    assert.deepEqual(deadLinks(installed, page), [])
  })
}

test('installing runs no script and installs no dependency, so it requires neither Rust nor a network', () => {
  const { scripts = {}, dependencies = {}, optionalDependencies = {} } = readJson(path.join(installed, 'package.json'))
  // `prepare` runs for git dependencies only.
  const onInstall = ['preinstall', 'install', 'postinstall', 'prepublish']
  assert.deepEqual(onInstall.filter((name) => name in scripts), [])
  assert.equal(fs.existsSync(path.join(installed, 'binding.gyp')), false, 'npm would run node-gyp')
  assert.deepEqual({ ...dependencies, ...optionalDependencies }, {})
})

test('the package installed as faye-websocket loads its own addon', async () => {
  const script = `
    const { length, Client, EventSource } = require('faye-websocket')
    const addons = Object.keys(require.cache).filter((file) => file.endsWith('.node'))
    console.log(JSON.stringify([length, typeof Client, typeof EventSource, addons]))`
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: app })
  assert.deepEqual(JSON.parse(stdout), [5, 'function', 'function', [path.join(installed, addonName())]])
})

test('an ES module can import the package', async () => {
  const script = 'import WebSocket from "faye-websocket"; console.log(typeof WebSocket.Client)'
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: app })
  assert.equal(stdout, 'function\n')
})

test('README: the package installs under its own name, and its subpath websocket-driver works', async () => {
  assert.ok(codeBlocks().some(({ text }) => text.split('\n').includes(`npm install ${manifest.name}`)))
  await npm(['install', `file:${tarball}`, ...OFFLINE, '--cache', cache], { cwd: named })

  const script = `
    import { server, client } from 'faye-websocket-rs/websocket-driver'
    import { createRequire } from 'node:module'
    const require = createRequire(process.cwd() + '/')
    const websocket = require('faye-websocket-rs/websocket-driver')
    console.log(server === websocket.server, client('ws://localhost/').version, require('faye-websocket-rs').length)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: named })
  assert.equal(stdout, 'true hybi-13 5\n')
})

test('docs: an ES module imports the names of websocket, and requires files by the original\'s paths', async () => {
  const script = `
    import websocket, { client, connection, frame, request, router, server } from 'faye-websocket-rs/websocket'
    import { createRequire } from 'node:module'
    const require = createRequire(process.cwd() + '/')
    const names = { client, connection, frame, request, router, server }
    console.log(Object.keys(names).every((name) => names[name] === websocket[name]),
      require('faye-websocket-rs/websocket/lib/WebSocketConnection') === connection,
      require('faye-websocket-rs/websocket/lib/W3CWebSocket.js') === websocket.w3cwebsocket)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: named })
  assert.equal(stdout, 'true true true\n')
})

test('files outside of `exports` cannot be required', async () => {
  const name = 'faye-websocket-rs/lib/websocket-driver/index.js'
  const script = `try { require('${name}') } catch (error) { console.log(error.code) }`
  const { stdout } = await run(process.execPath, ['-e', script], { cwd: named })
  assert.equal(stdout, 'ERR_PACKAGE_PATH_NOT_EXPORTED\n')
})

test('README: with overrides, a dependent that requires faye-websocket gets this package', async () => {
  const dependent = newFolder('dependent', {
    name: 'dependent',
    version: '1.0.0',
    main: 'index.js',
    dependencies: { 'faye-websocket': '^0.11.3' }
  })
  fs.writeFileSync(path.join(dependent, 'index.js'), "exports.file = require.resolve('faye-websocket')\n")
  await npm(['pack', '--pack-destination', folder], { cwd: dependent })

  const printed = codeBlocks().filter(({ language }) => language === 'json').map(({ text }) => JSON.parse(text))
  const { overrides } = printed.find(({ overrides }) => overrides) || assert.fail('no "overrides" in README.md')
  assert.match(overrides['faye-websocket'], REGISTRY_NAME)
  const parent = newFolder('parent', {
    name: 'parent',
    private: true,
    dependencies: { dependent: `file:${path.join(folder, 'dependent-1.0.0.tgz')}` },
    overrides: { 'faye-websocket': `file:${tarball}` }
  })
  await npm(['install', ...OFFLINE, '--cache', cache], { cwd: parent })

  const { stdout } = await run(process.execPath, ['-p', 'require("dependent").file'], { cwd: parent })
  const { name } = readJson(path.join(path.dirname(stdout.trim()), 'package.json'))
  assert.equal(name, manifest.name)
})

for (const [title, place] of [
  ['README and docs:', printedProgram],
  ['examples:', exampleProgram],
  ['examples in the package:', installedExample]
]) {
  const talks = [
    ['server.js', 'client.js', 8000, /Hello/],
    ['driver-server.js', 'driver-client.js', 3000, /message Hello, world!\nclose 1000/],
    ['websocket-server.js', 'websocket-client.js', 8080, /message Hello, world!\nclose 1000 Thank you/]
  ]
  for (const [server, client, printed, expected] of talks) {
    test(`${title} ${server} and ${client} exchange messages as printed`, async () => {
      await serving(place(server), printed, async (port) => {
        assert.match(await talking(place(client), printed, port), expected)
      })
    })
  }

  test(`${title} eventsource.js sends events as printed`, async () => {
    await serving(place('eventsource.js'), 8000, async (port) => {
      const [line] = await firstMatch(port, /^data: (.+)$/m)
      assert.match(line, /Hello/)
    })
  })
}

test('docs: deflate.js compresses as printed', async () => {
  const { args, cwd } = printedProgram('deflate.js')
  const env = { ...process.env, PRINTED_PORT: '8000' }
  const program = start(process.execPath, ['-r', ANY_PORT, ...args], { cwd, env, timeout: 30000 })
  const { code, stdout, stderr } = await program.finished
  assert.deepEqual([code, stderr, stdout], [0, '', '14000 characters with permessage-deflate\n'])
})

test('examples: driver-proxy-client.js connects to driver-server.js through its own proxy', async () => {
  await serving(exampleProgram('driver-server.js'), 3000, async (port) => {
    const printed = await talking(exampleProgram('driver-proxy-client.js'), 3000, port)
    assert.equal(printed, 'tunnel\nmessage Hello through the tunnel\nclose 1000\n')
  })
})

test('examples: driver-proxy-client.js uses the proxy of PROXY, and prints its refusal', async () => {
  await serving(exampleProgram('driver-server.js'), 3000, async (port) => {
    // any-port.js replaces the printed port with the server's, which is not a proxy.
    const { args, cwd } = exampleProgram('driver-proxy-client.js')
    const env = { ...process.env, PROXY: 'http://127.0.0.1:3000', PRINTED_PORT: 3000, CONNECT_PORT: port }
    const { stdout, stderr } = await run(process.execPath, ['-r', ANY_PORT, ...args], { cwd, env, timeout: 20000 })
    assert.equal(stdout, '')
    assert.equal(stderr, "Can't establish a connection to the server at ws://127.0.0.1:3000/ 426\n")
  })
})

test('examples: websocket-server.js refuses pages of other origins', async () => {
  await serving(exampleProgram('websocket-server.js'), 8080, async (port) => {
    const origins = [`http://127.0.0.1:${port}`, 'http://127.0.0.1', 'null']
    const statuses = await Promise.all(origins.map((Origin) => handshakeStatus(port, '/', { Origin })))
    assert.deepEqual(statuses, [101, 403, 403])
  })
})

test('examples: websocket-page serves its page and the bundle, and refuses pages of other origins', async () => {
  await serving(exampleProgram('websocket-page/server.js'), 8080, async (port) => {
    for (const [target, type] of [['/', /html/], ['/bundle.js', /javascript/]]) {
      const [response] = await once(http.get({ host: '127.0.0.1', port, path: target, agent: false }), 'response')
      response.resume()
      assert.match(response.headers['content-type'], type)
    }
    const echo = { 'Sec-WebSocket-Protocol': 'echo' }
    const statuses = await Promise.all([
      handshakeStatus(port, '/', { ...echo, Origin: `http://127.0.0.1:${port}` }),
      handshakeStatus(port, '/', { ...echo, Origin: 'http://example.com' }),
      handshakeStatus(port, '/', { Origin: `http://127.0.0.1:${port}` })
    ])
    assert.deepEqual(statuses, [101, 403, 400])
  })
})

test('examples: the stages of docker/, run in folders, build a server that ends on SIGTERM', async () => {
  const source = path.join(ROOT, 'examples', 'docker')
  const [debian, alpine] = ['debian', 'alpine'].map((name) => {
    return fs.readFileSync(path.join(source, `${name}.Dockerfile`), 'utf8').replaceAll(`${name}.Dockerfile`, '')
  })
  assert.equal(debian.replaceAll('node:24-bookworm-slim', ''), alpine.replaceAll('node:24-alpine', ''))
  const instruction = (pattern) => pattern.exec(debian)[1]

  const [dependencies, image] = ['dependencies', 'image'].map((name) => newFolder(name, {}))
  const container = readJson(path.join(source, 'package.json'))
  assert.match(container.dependencies['faye-websocket'], REGISTRY_NAME)
  container.dependencies['faye-websocket'] = `file:${tarball}`
  fs.writeFileSync(path.join(dependencies, 'package.json'), JSON.stringify(container))
  await npm([...instruction(/^RUN npm (.*)$/m).split(' '), '--offline', '--cache', cache], { cwd: dependencies })
  fs.renameSync(path.join(dependencies, 'node_modules'), path.join(image, 'node_modules'))
  for (const file of instruction(/^COPY (package\.json server\.js) \.\/$/m).split(' ')) {
    fs.copyFileSync(path.join(source, file), path.join(image, file))
  }

  const [, ...args] = JSON.parse(instruction(/^CMD (.*)$/m))
  const env = { ...process.env, PRINTED_PORT: 8000 }
  const server = start(process.execPath, ['-r', ANY_PORT, ...args], { cwd: image, env, ipc: true, timeout: 30000 })
  const [{ port }] = await once(server.child, 'message')
  const ws = new w3cwebsocket(`ws://127.0.0.1:${port}/`)
  await heard(ws, 'open')
  ws.send('Hello')
  assert.equal((await heard(ws, 'message')).data, 'Hello')
  server.child.kill('SIGTERM')
  assert.equal((await heard(ws, 'close')).code, 1000)
  const { code, stderr } = await server.finished
  assert.deepEqual([code, stderr], [0, ''])
})

test('examples: websocket-router.js chooses handlers by path and subprotocol', async () => {
  await serving(exampleProgram('websocket-router.js'), 8080, async (port) => {
    const chat = { 'Sec-WebSocket-Protocol': 'Chat' }
    const statuses = await Promise.all([
      handshakeStatus(port, '/time'), handshakeStatus(port, '/time', chat), handshakeStatus(port, '/rooms/red', chat),
      handshakeStatus(port, '/rooms/red'), handshakeStatus(port, '/rooms', chat), handshakeStatus(port, '/')
    ])
    assert.deepEqual(statuses, [101, 101, 101, 404, 404, 404])
    const Origin = 'http://example.com'
    assert.equal(await handshakeStatus(port, '/time', { Origin }), 403)
    assert.equal(await handshakeStatus(port, '/rooms/red', { ...chat, Origin }), 403)

    const url = `ws://127.0.0.1:${port}`
    const [ada, grace, other] = ['red', 'red', 'blue'].map((room) => new w3cwebsocket(`${url}/rooms/${room}`, 'chat'))
    await Promise.all([ada, grace, other].map((ws) => heard(ws, 'open')))
    other.addEventListener('message', () => assert.fail('a message for another room'))
    const heardByAll = [ada, grace].map((ws) => heard(ws, 'message'))
    ada.send(Buffer.from('bytes are not forwarded'))
    ada.send('Hello')
    assert.deepEqual((await Promise.all(heardByAll)).map(({ data }) => data), ['Hello', 'Hello'])

    const clock = new w3cwebsocket(`${url}/time`)
    const [{ data }, { code }] = await Promise.all([heard(clock, 'message'), heard(clock, 'close')])
    assert.ok(Math.abs(new Date(data) - Date.now()) < 60000, data)
    assert.equal(code, 1000)
    for (const ws of [ada, grace, other]) ws.close()
  })
})

test('examples: driver-server.js responds to other requests with 426', async () => {
  await serving(exampleProgram('driver-server.js'), 3000, async (port) => {
    const request = http.get({ host: '127.0.0.1', port, agent: false, timeout: 10000 })
    const [response] = await once(request, 'response')
    response.resume()
    assert.equal(response.statusCode, 426)
  })
})

// Writes a program of README.md or docs/ to a folder in which the package is installed.
function printedProgram (name) {
  const text = fileBlock(name)
  const cwd = text.includes("require('faye-websocket-rs") ? named : app
  const file = path.join(cwd, name)
  fs.writeFileSync(file, text)
  return { args: [file], cwd }
}

function exampleProgram (name) {
  return { args: [path.join('examples', name)], cwd: ROOT }
}

function installedExample (name) {
  return { args: [path.join('examples', name)], cwd: installed }
}

/** Runs a server program, calls `body` with its port, and ends it. Fails if the program prints an error. */
async function serving ({ args, cwd }, printed, body) {
  const env = { ...process.env, PRINTED_PORT: printed }
  const server = start(process.execPath, ['-r', ANY_PORT, ...args], { cwd, env, ipc: true, timeout: 30000 })
  try {
    const ended = server.finished.then(({ code, stderr }) => assert.fail(`the server ended with ${code}: ${stderr}`))
    ended.catch(() => {})
    const [{ port }] = await Promise.race([once(server.child, 'message'), ended])
    await body(port)
  } finally {
    server.child.kill()
  }
  const { stderr } = await server.finished
  assert.equal(stderr, '')
}

/** Runs a client program to its end and returns its output. */
async function talking ({ args, cwd }, printed, port) {
  const env = { ...process.env, PRINTED_PORT: printed, CONNECT_PORT: port }
  const { stdout, stderr } = await run(process.execPath, ['-r', ANY_PORT, ...args], { cwd, env, timeout: 20000 })
  assert.equal(stderr, '')
  return stdout
}

/** Returns the status of the response to a handshake. */
async function handshakeStatus (port, target, headers = {}) {
  const request = http.get({
    host: '127.0.0.1',
    port,
    path: target,
    agent: false,
    timeout: 10000,
    headers: {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers
    }
  })
  request.on('timeout', () => request.destroy(new Error('no answer in 10 seconds')))
  const [response] = await Promise.race([once(request, 'upgrade'), once(request, 'response')])
  response.socket.destroy()
  return response.statusCode
}

function heard (ws, type) {
  return new Promise((resolve, reject) => {
    ws.addEventListener(type, resolve)
    ws.addEventListener('error', () => reject(new Error(`${ws.url} cannot be reached`)))
  })
}

/** Requests an event stream and returns the first match of its text. */
async function firstMatch (port, pattern) {
  const request = http.get({ host: '127.0.0.1', port, headers: { Accept: 'text/event-stream' }, agent: false })
  request.setTimeout(10000, () => request.destroy(new Error('no event in 10 seconds')))
  try {
    const [response] = await once(request, 'response')
    assert.equal(response.headers['content-type'], 'text/event-stream')
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) {
      text += chunk
      const match = pattern.exec(text)
      if (match) return match
    }
    assert.fail(`the stream ended: ${text}`)
  } finally {
    request.destroy()
  }
}

// Returns the install line of README.md, with the tarball in place of the name in the registry.
function installLine () {
  const lines = codeBlocks().flatMap(({ text }) => text.split('\n')).map((line) => line.replace(/^\$ /, ''))
  const line = lines.find((line) => /^npm install /.test(line) && REGISTRY_NAME.test(line))
  assert.ok(line, 'README.md has a line "npm install faye-websocket@npm:faye-websocket-rs"')
  return line.trim().replace(REGISTRY_NAME, () => `file:${tarball}`)
}

function newFolder (name, packageJson) {
  const created = path.join(folder, name)
  fs.mkdirSync(created)
  fs.writeFileSync(path.join(created, 'package.json'), JSON.stringify(packageJson))
  return created
}

function walk (directory, prefix = '') {
  return fs.readdirSync(path.join(directory, prefix), { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? walk(directory, `${prefix}${entry.name}/`) : [prefix + entry.name])
}

function readJson (file) {
  return JSON.parse(fs.readFileSync(file, 'utf8'))
}
