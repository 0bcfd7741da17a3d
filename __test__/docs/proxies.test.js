'use strict'

// The programs of docs/proxies.md, as printed.

const assert = require('node:assert/strict')
const path = require('node:path')

const { echoEach } = require('../support/client')
const { serve } = require('../support/peer')
const { startProxy } = require('../support/proxy')
const { test } = require('../support/test')
const { ROOT } = require('../package/process')
const { projectFolder, startProgram } = require('./program')

const WebSocket = require('../..')

const AGENT = 'https-proxy-agent'
const VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy']

// The programs inherit the environment of this process.
for (const name of VARIABLES) {
  delete process.env[name]
  delete process.env[name.toUpperCase()]
}

const folder = projectFolder({ [AGENT]: path.join(ROOT, 'node_modules', AGENT) })

/** An echo server, a proxy that requires a password, and a function that runs a program and returns its output. */
async function start (scope, name) {
  const { url } = await serve(scope, WebSocket, { onSocket: echoEach })
  const proxy = await startProxy(scope, { authorization: `Basic ${Buffer.from('user:pass').toString('base64')}` })
  const ask = async (args, env) => {
    const { code, stdout, stderr } = await startProgram(scope, folder, name, { args, env }).finished
    assert.equal(code, 0, stderr)
    return { stdout, stderr }
  }
  return { ask, proxy, url }
}

test('proxy-client.js connects through the proxy, and prints a refusal', async (scope) => {
  const { ask, proxy, url } = await start(scope, 'proxy-client.js')
  assert.deepEqual(await ask([url, proxy.origin('user:pass@')]), { stdout: 'Hello\n', stderr: '' })
  assert.deepEqual(await ask([url, proxy.origin('user:wrong@')]), {
    stdout: '', stderr: `Can't establish a connection to the server at ${url}\n`
  })
  assert.equal(proxy.requests.length, 2)
})

test('environment-proxy.js connects through the proxy that the environment names', async (scope) => {
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

test('agent-client.js connects through a proxy with an agent, and prints a refusal', async (scope) => {
  const { ask, proxy, url } = await start(scope, 'agent-client.js')
  assert.deepEqual(await ask([url, proxy.origin('user:pass@')]), { stdout: 'Hello\n', stderr: '' })
  assert.deepEqual(await ask([url, proxy.origin('user:wrong@')]), {
    stdout: '', stderr: 'Error during WebSocket handshake: Unexpected response code: 407\n'
  })
  assert.equal(proxy.requests.length, 2)
})
