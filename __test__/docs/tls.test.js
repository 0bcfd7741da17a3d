'use strict'

// The program and the command of docs/tls.md, as printed.

const assert = require('node:assert/strict')
const { execSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const { certificate } = require('../support/certs')
const { test } = require('../support/test')
const { HAS_OPENSSL } = require('../support/tls')
const { fileBlock } = require('../package/pages')
const { projectFolder, startProgram } = require('./program')

const NO_OPENSSL = !HAS_OPENSSL && 'there is no openssl'
const COMMAND = fileBlock('certificate.sh')
const PRINTED = { code: 0, signal: null, stdout: 'message Hello\nclose 1000\n', stderr: '' }

function run (scope, folder) {
  return startProgram(scope, folder, 'tls.js', { printedPort: 8000 }).finished
}

function write (folder, { key, cert }) {
  fs.writeFileSync(path.join(folder, 'key.pem'), key)
  fs.writeFileSync(path.join(folder, 'cert.pem'), cert)
}

test('tls.js: the client trusts the certificate that the server has signed itself', async (scope) => {
  const folder = projectFolder()
  write(folder, certificate('localhost', { names: ['localhost', '127.0.0.1'] }))
  assert.deepEqual(await run(scope, folder), PRINTED)
})

test('tls.js prints the error for an invalid certificate', async (scope) => {
  const folder = projectFolder()
  for (const [options, message] of [
    [{ names: ['127.0.0.1'], notAfter: new Date(Date.now() - 1000) }, /: certificate has expired\n$/],
    [{ names: ['example.test'] }, /: Hostname\/IP does not match certificate's altnames: .*\n$/]
  ]) {
    write(folder, certificate('localhost', options))
    const { code, stdout, stderr } = await run(scope, folder)
    assert.match(stderr, message)
    assert.deepEqual({ code, stdout }, { code: 0, stdout: 'close 1006\n' })
  }
})

test('tls.js: the openssl command of the page creates the key and the certificate', async (scope) => {
  const folder = projectFolder()
  execSync(COMMAND, { cwd: folder, stdio: 'ignore' })
  assert.deepEqual(await run(scope, folder), PRINTED)
}, { skip: NO_OPENSSL })
