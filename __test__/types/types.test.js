'use strict'

// index.d.ts and the declarations of the subpaths, as TypeScript users use them: found through package.json, under all
// names under which a program can install the package.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { ALIASES, FOLDER } = require('../../scripts/aliases')
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
const WEBSOCKET_INTEROP = `import websocket, { server, type connection } from 'faye-websocket-rs/websocket'
const client: websocket.client = new websocket.client()
client.on('connect', (own: connection) => own.close())
new server()
`
const COMPATIBLE = `import ours = require('faye-websocket-rs/websocket')
import theirs = require('./theirs')
export const server: typeof theirs.server = ours.server
export const request: typeof theirs.request = ours.request
export const connection: typeof theirs.connection = ours.connection
export const frame: typeof theirs.frame = ours.frame
export const client: typeof theirs.client = ours.client
export const w3cwebsocket: typeof theirs.w3cwebsocket = ours.w3cwebsocket
export const deprecation: typeof theirs.deprecation = ours.deprecation
export const version: typeof theirs.version = ours.version
declare const router: ours.router, config: theirs.IClientConfig & Omit<theirs.IServerConfig, 'httpServer'>
export const own: Pick<theirs.router, 'mount' | 'unmount' | 'attachServer' | 'detachServer' | 'handleRequest'> = router
export const ofServer: ours.IServerConfig = { ...config, httpServer: [] }
export const ofClient: ours.IClientConfig = config
declare const cookie: theirs.ICookie
export const toSet: ours.ICookie = cookie
`
// Errors of @types/websocket about `websocket` 1.0.35, and members that we do not have.
const CORRECTIONS = [
  ['bytesWaitingToFlush: number;', ''],
  ['bufferList: IBufferList;', ''],
  ['currentFrame: frame;', ''],
  ['processReceivedData(): void;', ''],
  ['_pingListenerCount: number;', ''],
  ['assembleFragments: number;', 'assembleFragments: boolean;'],
  ['extensions: IExtension[]', 'extensions: string[]'],
  ['cb?: (err: Error) => void): void;', 'cb?: (err?: Error) => void): void;'],
  ['parseExtensions(extensionString: string): string[];', 'parseExtensions(extensionString: string): any[];'],
  ['closeStatus: number;', 'closeStatus: number; constructor(a: Buffer, b: Buffer, c: IConfig);'],
  ['accept(acceptedProtocol?: string, allowedOrigin?', 'accept(allowedOrigin?'],
  ['path: string;\n    pathString', 'path: RegExp;\n    pathString'],
  ['pathToRegEx(path: RegExp): RegExp;', '']
]

// A user's project: this package in node_modules, and sources.
const folder = temporaryFolder()
fs.mkdirSync(path.join(folder, 'node_modules'))
for (const name of ['faye-websocket', 'faye-websocket-rs']) {
  fs.symlinkSync(ROOT, path.join(folder, 'node_modules', name), 'junction')
}
for (const { original } of ALIASES) {
  fs.cpSync(path.join(ROOT, FOLDER, original), path.join(folder, 'node_modules', original), { recursive: true })
}
// An agent that users install.
fs.symlinkSync(path.join(ROOT, 'node_modules/https-proxy-agent'), path.join(folder, 'node_modules/https-proxy-agent'),
  'junction')
for (const name of fs.readdirSync(__dirname).filter((name) => /ts$/.test(name))) {
  fs.copyFileSync(path.join(__dirname, name), path.join(folder, name))
}
fs.writeFileSync(path.join(folder, 'interop.ts'), INTEROP)
fs.writeFileSync(path.join(folder, 'driver-interop.ts'), DRIVER_INTEROP)
fs.writeFileSync(path.join(folder, 'websocket-interop.ts'), WEBSOCKET_INTEROP)

const settings = [
  ['NodeNext, as CommonJS and as ES modules', { module: 'nodenext' }, [
    'example.ts', 'example.mts', 'usage.cts', 'usage.mts', 'interop.ts',
    'driver-usage.cts', 'driver-usage.mts', 'driver-interop.ts', 'deflate-usage.cts', 'deflate-usage.mts',
    'websocket-usage.cts', 'websocket-usage.mts', 'websocket-interop.ts', 'path-usage.cts', 'path-usage.mts',
    'https-usage.cts', 'secure.mts'
  ]],
  ['CommonJS without esModuleInterop', { module: 'commonjs', moduleResolution: 'node10', esModuleInterop: false }, [
    'example.ts', 'usage.cts', 'driver-usage.cts', 'deflate-usage.cts', 'websocket-usage.cts',
    'path-usage.cts', 'https-usage.cts'
  ]],
  ['a bundler', { module: 'esnext', moduleResolution: 'bundler' }, [
    'interop.ts', 'driver-interop.ts', 'websocket-interop.ts'
  ]]
]
for (const [name, options, files] of settings) {
  test(`programs compile under strict for ${name}`, async () => {
    assert.deepEqual(await compile(options, files), [])
  })
}

const misuses = [
  ['misuse.cts', 46], ['driver-misuse.cts', 30], ['deflate-misuse.cts', 14], ['websocket-misuse.cts', 51],
  ['https-misuse.cts', 6]
]
for (const [file, count] of misuses) {
  test(`wrong usage does not compile: ${file}`, async () => {
    assert.deepEqual(await compile({ module: 'nodenext' }, [file]), [])

    // Without the directives, exactly the lines after them are errors.
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

test('the types of websocket are compatible with @types/websocket, except for its errors', async () => {
  const theirs = fs.readFileSync(require.resolve('@types/websocket/index.d.ts'), 'utf8')
  const corrected = CORRECTIONS.reduce((text, [wrong, right]) => {
    assert.ok(text.includes(wrong), wrong)
    return text.replaceAll(wrong, right)
  }, theirs)
  fs.writeFileSync(path.join(folder, 'theirs.d.ts'), corrected)
  fs.writeFileSync(path.join(folder, 'compatible.ts'), COMPATIBLE)
  assert.deepEqual(await compile({ module: 'nodenext' }, ['compatible.ts']), [])
})

test('docs: the printed TypeScript examples are the compiled ones', () => {
  const examples = ['secure.mts', 'example.mts', 'example.ts']
    .map((name) => fs.readFileSync(path.join(__dirname, name), 'utf8'))
  const printed = codeBlocks().filter(({ language }) => language === 'ts').map(({ text }) => text)
  assert.deepEqual(printed, examples)
})

/** Returns the errors of tsc, a line each. */
async function compile (options, files) {
  const config = path.join(folder, `tsconfig.${options.module}.${files.length}.${files[0]}.json`)
  const typeRoots = [path.join(ROOT, 'node_modules', '@types')]
  fs.writeFileSync(config, JSON.stringify({ compilerOptions: { ...STRICT, typeRoots, ...options }, files }))
  const tsc = start(process.execPath, [TSC, '-p', config, '--pretty', 'false'], { cwd: folder })
  const { stdout, stderr } = await tsc.finished
  assert.equal(stderr, '')
  return stdout.split('\n').filter((line) => /^\S.*error TS/.test(line))
}
