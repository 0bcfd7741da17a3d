'use strict'

// Proxies and front ends from Debian that run between a client and a server. Each program has its own directory with
// its configuration, and ports on 127.0.0.1. It ends with the test that has started it, even if the test is killed.

const { execFileSync, spawn } = require('node:child_process')
const { randomInt } = require('node:crypto')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')

const { WAIT } = require('./peer')

const PATHS = [...(process.env.PATH || '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']
const ATTEMPTS = 3

/** Returns the reason to skip tests of these programs, or false if all of them are installed. */
function missing (...names) {
  const absent = names.filter((name) => !find(name))
  return absent.length > 0 && `not installed: ${absent.join(', ')} (apt-get install ${absent.join(' ')})`
}

function find (name) {
  return PATHS.map((directory) => path.join(directory, name)).find((file) => fs.existsSync(file))
}

// The shell waits for the end of its input. Our process holds the other end, so the shell ends with our process.
const KEEPER = '"$@" >log 2>&1 </dev/null & echo $!; read -r line; kill -9 $!; wait'

/**
 * Starts a program in the foreground.
 *
 * @param scope kills the program
 * @param name of the program
 * @param configure returns `{ args, files }` for `{ directory, port }`
 */
async function start (scope, name, configure) {
  for (let attempt = 1; ; attempt++) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`))
    // Some programs drop root privileges before they read their files.
    fs.chmodSync(directory, 0o755)
    const port = await freePort()
    const { args, files } = configure({ directory, port })
    for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(directory, file), text)

    const shell = spawn('/bin/sh', ['-c', KEEPER, 'sh', find(name), ...args], {
      cwd: directory, stdio: ['pipe', 'pipe', 'ignore']
    })
    const ended = new Promise((resolve) => shell.once('close', resolve))
    const stop = async () => {
      shell.stdin.destroy()
      await ended
      fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    }
    scope.defer(stop)
    shell.stdin.on('error', () => {})
    const pid = await new Promise((resolve) => shell.stdout.once('data', (line) => resolve(Number(line))))
    if (await listens(port, pid)) return { port, kill: () => process.kill(pid, 'SIGKILL') }
    const log = fs.readFileSync(path.join(directory, 'log'), 'utf8')
    await stop()
    // Another program may have bound the port in the meantime.
    if (attempt === ATTEMPTS) throw new Error(`${name} does not listen on ${port}: ${log.slice(-2000)}`)
  }
}

/** Resolves with a port without a listener, below the ephemeral ports of the kernel. */
async function freePort () {
  for (;;) {
    const port = randomInt(20000, 32000)
    if (await isFree(port)) return port
  }
}

function isFree (port) {
  return new Promise((resolve) => {
    const server = net.createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Waits until the program accepts connections. Resolves with false if it has ended or is too slow. */
async function listens (port, pid) {
  const end = Date.now() + 2 * WAIT
  while (!await accepts(port)) {
    if (!isAlive(pid) || Date.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return isAlive(pid)
}

function accepts (port) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

/** Returns whether the process runs. A zombie does not: the shell waits for it only when the test ends. */
function isAlive (pid) {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    // Without /proc, the port decides.
    return error.code === 'ENOENT' && !fs.existsSync('/proc/self')
  }
}

const NGINX = 'daemon off; master_process off; pid nginx.pid; error_log stderr;'
// The default paths are writable only for root.
const NGINX_FILES = ['access_log off;', ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
  (name) => `${name}_temp_path ${name};`)].join(' ')

/** Starts nginx with this configuration. `$port` in it is replaced by the port of nginx. */
function startNginx (scope, configuration, files) {
  return start(scope, 'nginx', ({ directory, port }) => ({
    args: ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr', '-g', NGINX],
    files: { 'nginx.conf': withPort(configuration, port).replace('http {', `http { ${NGINX_FILES}`), ...files }
  }))
}

/** Starts haproxy with this configuration. `$port` in it is replaced by the port of haproxy. */
function startHaproxy (scope, configuration, files) {
  return start(scope, 'haproxy', ({ port }) => ({
    args: ['-db', '-f', 'haproxy.cfg'],
    files: { 'haproxy.cfg': withPort(configuration, port), ...files }
  }))
}

const TINYPROXY = `
Port $port
Listen 127.0.0.1
Timeout 60
MaxClients 50
LogLevel Error
`

/** Starts tinyproxy with `lines` added to its configuration. */
function startTinyproxy (scope, lines = '') {
  return start(scope, 'tinyproxy', ({ port }) => ({
    args: ['-d', '-c', 'tinyproxy.conf'],
    files: { 'tinyproxy.conf': withPort(TINYPROXY, port) + lines }
  }))
}

const SQUID = `
pid_filename none
access_log none
cache_log stdio:/dev/stderr
cache_store_log none
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
visible_hostname squid.test
coredump_dir none
`

/** Starts squid. `configuration` contains its listeners and its rules. */
function startSquid (scope, configuration, files) {
  // squid uses this name for shared memory, which remains after squid is killed.
  const service = `squid${process.pid}x${++squids}`
  scope.defer(() => {
    const shared = fs.existsSync('/dev/shm') ? fs.readdirSync('/dev/shm') : []
    for (const file of shared.filter((each) => each.startsWith(`${service}-`))) fs.rmSync(`/dev/shm/${file}`)
  })
  return start(scope, 'squid', ({ directory, port }) => ({
    args: ['-N', '-n', service, '-f', path.join(directory, 'squid.conf')],
    files: { 'squid.conf': withPort(configuration, port).replaceAll('$directory', directory) + SQUID, ...files }
  }))
}

let squids = 0

/** Returns whether this squid accepts connections over TLS. */
function squidHasTls () {
  return /--with-(openssl|gnutls)\b/.test(execFileSync(find('squid'), ['-v'], { encoding: 'utf8' }))
}

function withPort (configuration, port) {
  return configuration.replaceAll('$port', port)
}

module.exports = { freePort, missing, squidHasTls, startHaproxy, startNginx, startSquid, startTinyproxy }
