'use strict'

// A SOCKS5 proxy (RFC 1928) that supports only CONNECT, without authentication.

const net = require('node:net')

const { listen } = require('./peer')

async function startSocks (scope) {
  const requests = []
  const server = net.createServer((socket) => {
    let bytes = Buffer.alloc(0)
    let isGreeted = false
    const onData = (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      if (!isGreeted && bytes.length >= 2 + bytes[1]) {
        bytes = bytes.subarray(2 + bytes[1])
        isGreeted = true
        socket.write(Buffer.from([5, 0]))
      }
      const target = isGreeted ? targetIn(bytes) : null
      if (target === null) return
      socket.removeListener('data', onData)
      requests.push(`${target.host}:${target.port}`)
      const upstream = net.connect({ host: target.host, port: target.port }, () => {
        socket.write(Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]))
        upstream.write(bytes.subarray(target.length))
        upstream.pipe(socket).pipe(upstream)
      })
      upstream.on('error', () => socket.destroy())
      scope.defer(() => upstream.destroy())
    }
    socket.on('data', onData)
  })
  const port = await listen(scope, server)
  return { origin: `socks5h://127.0.0.1:${port}`, requests }
}

/** Returns the host and port of a request, or null while the request is incomplete. */
function targetIn (bytes) {
  if (bytes.length < 5) return null
  const isName = bytes[3] === 3
  const end = isName ? 5 + bytes[4] : 8
  if (bytes.length < end + 2) return null
  const host = isName ? bytes.toString('latin1', 5, end) : bytes.subarray(4, 8).join('.')
  return { host, port: bytes.readUInt16BE(end), length: end + 2 }
}

module.exports = { startSocks }
