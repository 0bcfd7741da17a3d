'use strict'

// The programs of docs/proxies.md, as printed.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { echoEach } = require('../support/client')
const { serve } = require('../support/peer')
const { startProxy } = require('../support/proxy')
const { test } = require('../support/test')
const { fileBlock } = require('./pages')
const { ROOT, run, temporaryFolder } = require('./process')

const WebSocket = require('../..')

/** What they require, as it is installed here. */
const INSTALLED = { 'faye-websocket': ROOT, 'https-proxy-agent': path.join(ROOT, 'node_modules/https-proxy-agent') }
const VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => [name, name.toUpperCase()])

const folder = temporaryFolder()
fs.mkdirSync(path.join(folder, 'node_modules'))
for (const [name, target] of Object.entries(INSTALLED)) {
  fs.symlinkSync(target, path.join(folder, 'node_modules', name), 'junction')
}

/** An echo server, a proxy that wants a password, and what a program prints. */
async function start (scope, name) {
  fs.writeFileSync(path.join(folder, name), fileBlock(name))
  const { url } = await serve(scope, WebSocket, { onSocket: echoEach })
  const proxy = await startProxy(scope, { authorization: `Basic ${Buffer.from('user:pass').toString('base64')}` })
  const ask = async (args, variables) => {
    const inherited = Object.entries(process.env).filter(([each]) => !VARIABLES.includes(each))
    const env = { ...Object.fromEntries(inherited), ...variables }
    return run(process.execPath, [name, ...args], { cwd: folder, env, timeout: 20000 })
  }
  return { ask, proxy, url }
}

test('docs: environment-proxy.js goes through the proxy that the environment names', async (scope) => {
  const { ask, proxy, url } = await start(scope, 'environment-proxy.js')
  const origin = proxy.origin('user:pass@')
  for (const [variables, isProxied] of [
    [{}, false],
    [{ http_proxy: origin }, true],
    [{ HTTP_PROXY: origin }, true],
    [{ HTTPS_PROXY: origin }, false],
    [{ HTTP_PROXY: origin, NO_PROXY: '*' }, false],
    [{ HTTP_PROXY: origin, NO_PROXY: 'localhost, 127.0.0.1' }, false],
    [{ HTTP_PROXY: origin, no_proxy: '.0.0.1' }, false],
    [{ HTTP_PROXY: origin, no_proxy: '7.0.0.1,,example.com' }, true]
  ]) {
    const before = proxy.requests.length
    const { stdout, stderr } = await ask([url], variables)
    assert.deepEqual([stdout, stderr], ['Hello\n', ''], JSON.stringify(variables))
    assert.equal(proxy.requests.length - before, Number(isProxied), JSON.stringify(variables))
  }
})

test('docs: agent-client.js goes through a proxy by an agent, and says when that refuses', async (scope) => {
  const { ask, proxy, url } = await start(scope, 'agent-client.js')
  assert.deepEqual(await ask([url, proxy.origin('user:pass@')]), { stdout: 'Hello\n', stderr: '' })
  assert.deepEqual(await ask([url, proxy.origin('user:wrong@')]), {
    stdout: '', stderr: 'Error during WebSocket handshake: Unexpected response code: 407\n'
  })
  assert.equal(proxy.requests.length, 2)
})
