'use strict'

// Programs of other people between the two ends, as they come from Debian. Each gets a directory of its own with its
// configuration, and ports of 127.0.0.1. It dies with the test that has started it, also when that is killed.

const { execFileSync, spawn } = require('node:child_process')
const { randomInt } = require('node:crypto')
const fs = require('node:fs')
const net = require('node:net')
const os = require('node:os')
const path = require('node:path')

const { WAIT } = require('./peer')

const PATHS = [...(process.env.PATH || '').split(path.delimiter), '/usr/sbin', '/usr/local/sbin']
const ATTEMPTS = 3

/** Why tests that need these programs are skipped; false when they are all there. */
function missing (...names) {
  const absent = names.filter((name) => !find(name))
  return absent.length > 0 && `not installed: ${absent.join(', ')} (apt-get install ${absent.join(' ')})`
}

function find (name) {
  return PATHS.map((directory) => path.join(directory, name)).find((file) => fs.existsSync(file))
}

// The shell ends with us: it waits for the end of its own input, which is ours.
const KEEPER = '"$@" >log 2>&1 </dev/null & echo $!; read -r line; kill -9 $!; wait'

/**
 * Starts a program in the foreground.
 *
 * @param scope kills it
 * @param name of the program
 * @param configure gives `{ args, files }` for `{ directory, port }`
 */
async function start (scope, name, configure) {
  for (let attempt = 1; ; attempt++) {
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`))
    // Some give up being root before they read their files.
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
    // Another program may have taken the port meanwhile.
    if (attempt === ATTEMPTS) throw new Error(`${name} does not listen on ${port}: ${log.slice(-2000)}`)
  }
}

/** A port without a listener, below those that the kernel gives out. */
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

/** Whether the program comes to accept connections; false when it has ended or takes too long. */
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

/** A zombie is not: the shell does not ask for it before we are done. */
function isAlive (pid) {
  try {
    process.kill(pid, 0)
    return !/^State:\s+Z/m.test(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch (error) {
    // Where there is no /proc, the port decides.
    return error.code === 'ENOENT' && !fs.existsSync('/proc/self')
  }
}

const NGINX = 'daemon off; master_process off; pid nginx.pid; error_log stderr;'
// Else they would be where only root may write.
const NGINX_FILES = ['access_log off;', ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
  (name) => `${name}_temp_path ${name};`)].join(' ')

/** nginx with this configuration, which says `$port` where its port goes. */
function startNginx (scope, configuration, files) {
  return start(scope, 'nginx', ({ directory, port }) => ({
    args: ['-p', directory, '-c', 'nginx.conf', '-e', 'stderr', '-g', NGINX],
    files: { 'nginx.conf': withPort(configuration, port).replace('http {', `http { ${NGINX_FILES}`), ...files }
  }))
}

/** haproxy with this configuration, which says `$port` where its port goes. */
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

/** tinyproxy; `lines` are added to its configuration. */
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

/** squid; `configuration` has its listeners and its rules. */
function startSquid (scope, configuration, files) {
  // It shares its memory under this name, and leaves it behind when it is killed.
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

/** Whether this squid can be spoken to over TLS. */
function squidHasTls () {
  return /--with-(openssl|gnutls)\b/.test(execFileSync(find('squid'), ['-v'], { encoding: 'utf8' }))
}

function withPort (configuration, port) {
  return configuration.replaceAll('$port', port)
}

module.exports = { freePort, missing, squidHasTls, startHaproxy, startNginx, startSquid, startTinyproxy }
