'use strict'

// index.d.ts and lib/websocket-driver/index.d.ts, used the way TypeScript users use them: found through package.json,
// under the names that a program may install the package by.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { codeBlocks } = require('../package/pages')
const { ROOT, start, temporaryFolder } = require('../package/process')

const TSC = require.resolve('typescript/lib/tsc.js')
const STRICT = { strict: true, noEmit: true, skipLibCheck: false, target: 'es2022', types: ['node'] }

const INTEROP = `import WebSocket from 'faye-websocket'
const ws: WebSocket = new WebSocket(...([] as unknown as ConstructorParameters<typeof WebSocket>))
ws.on('close', (event: WebSocket.CloseEvent) => event.code)
`
const DRIVER_INTEROP = `import websocket, { server, type Client } from 'faye-websocket-rs/websocket-driver'
const client: Client = websocket.client('ws://localhost')
server().on('close', (event: websocket.CloseEvent) => [event.code, client])
`

// A user's project: this package under node_modules, and sources beside it.
const folder = temporaryFolder()
fs.mkdirSync(path.join(folder, 'node_modules'))
for (const name of ['faye-websocket', 'faye-websocket-rs']) {
  fs.symlinkSync(ROOT, path.join(folder, 'node_modules', name), 'junction')
}
// An agent that users have.
fs.symlinkSync(path.join(ROOT, 'node_modules/https-proxy-agent'), path.join(folder, 'node_modules/https-proxy-agent'),
  'junction')
for (const name of fs.readdirSync(__dirname).filter((name) => /ts$/.test(name))) {
  fs.copyFileSync(path.join(__dirname, name), path.join(folder, name))
}
fs.writeFileSync(path.join(folder, 'interop.ts'), INTEROP)
fs.writeFileSync(path.join(folder, 'driver-interop.ts'), DRIVER_INTEROP)

const settings = [
  ['NodeNext, as CommonJS and as ES modules', { module: 'nodenext' }, [
    'example.ts', 'example.mts', 'usage.cts', 'usage.mts', 'interop.ts',
    'driver-usage.cts', 'driver-usage.mts', 'driver-interop.ts', 'deflate-usage.cts', 'deflate-usage.mts'
  ]],
  ['CommonJS without esModuleInterop', { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: false }, [
    'example.ts', 'usage.cts', 'driver-usage.cts', 'deflate-usage.cts'
  ]],
  ['a bundler', { module: 'esnext', moduleResolution: 'bundler' }, ['interop.ts', 'driver-interop.ts']]
]
for (const [name, options, files] of settings) {
  test(`programs compile under strict for ${name}`, async () => {
    assert.deepEqual(await compile(options, files), [])
  })
}

for (const [file, count] of [['misuse.cts', 46], ['driver-misuse.cts', 30], ['deflate-misuse.cts', 14]]) {
  test(`wrong usage does not compile: ${file}`, async () => {
    assert.deepEqual(await compile({ module: 'nodenext' }, [file]), [])

    // Without the directives that expect them, exactly the lines below them are errors.
    const lines = fs.readFileSync(path.join(folder, file), 'utf8').split('\n')
    const expected = lines.flatMap((line, index) => line.startsWith('// @ts-expect-error') ? [index + 2] : [])
    const unexpected = `unexpected-${file}`
    fs.writeFileSync(path.join(folder, unexpected), lines.join('\n').replaceAll('// @ts-expect-error', '//'))
    const errors = await compile({ module: 'nodenext' }, [unexpected])
    const found = errors.map((error) => Number(/\((\d+),/.exec(error)?.[1]))
    assert.ok(expected.length >= count)
    assert.deepEqual([...new Set(found)], expected)
  })
}

test('README and docs: the TypeScript examples are the ones that were compiled', () => {
  const examples = ['example.mts', 'example.ts'].map((name) => fs.readFileSync(path.join(__dirname, name), 'utf8'))
  const printed = codeBlocks().filter(({ language }) => language === 'ts').map(({ text }) => text)
  assert.deepEqual(printed, examples)
})

/** What tsc says about the files, a line per error. */
async function compile (options, files) {
  const config = path.join(folder, `tsconfig.${files.join('.')}.json`)
  const typeRoots = [path.join(ROOT, 'node_modules', '@types')]
  fs.writeFileSync(config, JSON.stringify({ compilerOptions: { ...STRICT, typeRoots, ...options }, files }))
  const tsc = start(process.execPath, [TSC, '-p', config, '--pretty', 'false'], { cwd: folder })
  const { stdout, stderr } = await tsc.finished
  assert.equal(stderr, '')
  return stdout.split('\n').filter((line) => /^\S.*error TS/.test(line))
}
