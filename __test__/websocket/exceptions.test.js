'use strict'

// What handlers throw is the program's, and keeps the connection from nothing; and what lets a process end.
// The functions given to `runChild` become text; they see their parameters and `require`, nothing else.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { deviation } = require('../support/websocket')

const path = require.resolve('../support/websocket')
const linesOf = (stdout) => stdout.trim().split('\n')

deviation('messages behind a handler that throws need no further bytes', async (scope) => {
  const { stdout } = await runChild(scope, ({ roles }) => {
    const { closePayload } = require('./wire')
    process.on('uncaughtException', ({ message, data }) => console.log('uncaught', message, data))
    roles.server({ defer () {} }, {
      onConnection: (connection) => {
        connection.on('message', ({ utf8Data }) => {
          console.log('message', utf8Data)
          throw Object.assign(new Error('mine'), { data: utf8Data })
        })
        connection.on('close', (code) => {
          console.log('close', code)
          process.exit()
        })
      }
    }).then(({ frame, peer }) => {
      peer.socket.on('end', () => peer.socket.end())
      const texts = ['one', 'two', 'three'].map((text) => frame('text', text))
      peer.write(Buffer.concat([...texts, frame('close', closePayload(1000))]))
    })
  }, { path }).finished
  assert.deepEqual(linesOf(stdout), [
    'message one', 'uncaught mine one', 'message two', 'uncaught mine two', 'message three', 'uncaught mine three',
    'close 1000'
  ])
})

for (const [type, bytesOf] of [
  ['ping', "frame('ping', 'p')"], ['pong', "frame('pong', 'p')"], ['frame', "frame('text', 'x')"]
]) {
  deviation(`a handler of ${type} that throws does so once, and what comes next is heard`, async (scope) => {
    const { stdout } = await runChild(scope, `({ roles }) => {
      process.on('uncaughtException', ({ message }) => console.log('uncaught', message))
      roles.client({ defer () {} }, {
        config: { assembleFragments: ${type !== 'frame'} },
        onConnection: (connection) => {
          connection.once('${type}', () => { throw new Error('mine') })
          connection.on('pong', (payload) => {
            if (String(payload) !== 'last') return
            console.log('last')
            process.exit()
          })
        }
      }).then(({ frame, peer }) => peer.write(Buffer.concat([${bytesOf}, frame('pong', 'last')])))
    }`, { path }).finished
    assert.deepEqual(linesOf(stdout), ['uncaught mine', 'last'])
  })
}

for (const [how, end] of [
  ['drop', 'connection.drop()'], ['a violation', "peer.write(frame(3, ''))"], ['the end of TCP', 'peer.socket.end()'],
  ['an error of the socket', "connection.socket.destroy(new Error('unplugged'))"]
]) {
  deviation(`a handler of close that throws does so once, after ${how}, and the socket is gone`, async (scope) => {
    const { stdout } = await runChild(scope, `({ roles }) => {
      process.on('uncaughtException', ({ message }) => console.log('uncaught', message))
      roles.server({ defer () {} }, {}).then(({ connection, frame, peer }) => {
        connection.on('close', () => { throw new Error('mine') })
        ${how === 'drop' ? `setImmediate(() => { ${end} })` : end}
        setTimeout(() => {
          console.log(connection.socket.destroyed, connection.state)
          process.exit()
        }, 200)
      })
    }`, { path }).finished
    assert.deepEqual(linesOf(stdout), ['uncaught mine', 'true closed'])
  })
}

deviation('a process ends by itself when the last connection has closed, whatever the timers', async (scope) => {
  const { code, stdout } = await runChild(scope, async ({ startServer, roles }) => {
    const cleanups = []
    const scope = { defer: (cleanup) => cleanups.push(cleanup) }
    const config = { keepalive: true, keepaliveInterval: 20000, keepaliveGracePeriod: 10000, closeTimeout: 60000 }
    const { open, server } = await startServer(scope, { config })
    const peers = [await open(), await open(), await open()]
    for (const { peer } of peers) peer.socket.on('end', () => peer.socket.end())
    const client = await roles.client(scope, { config })
    client.peer.socket.on('end', () => client.peer.socket.end())
    server.shutDown()
    client.connection.close()
    await new Promise((resolve) => setTimeout(resolve, 200))
    for (const cleanup of cleanups.reverse()) await cleanup()
    console.log('done')
  }, { path, timeout: 8000 }).finished
  assert.deepEqual([code, stdout], [0, 'done\n'])
})

deviation('connections that have closed leave nothing behind', async (scope) => {
  const { stdout } = await runChild(scope, async ({ roles }) => {
    const { closePayload } = require('./wire')
    const turns = async (count) => {
      for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    const config = { keepalive: true, keepaliveInterval: 20000, keepaliveGracePeriod: 10000 }
    for (const [role, open] of Object.entries(roles)) {
      const all = []
      const one = async (count) => {
        const cleanups = []
        const { connection, frame, peer } = await open({ defer: (cleanup) => cleanups.push(cleanup) }, { config })
        all.push(new WeakRef(connection))
        const closed = new Promise((resolve) => connection.once('close', resolve))
        connection.send('x')
        peer.socket.on('end', () => peer.socket.end())
        if (count % 3 === 0) connection.close()
        if (count % 3 === 1) connection.drop()
        peer.write(frame('close', closePayload(1000)))
        await closed
        for (const cleanup of cleanups.reverse()) await cleanup()
      }
      for (let count = 0; count < 60; count++) await one(count)
      for (let round = 0; round < 10; round++) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        await turns(5)
        global.gc()
      }
      console.log(role, all.filter((each) => each.deref() !== undefined).length < 5)
    }
    process.exit()
  }, { path, flags: ['--expose-gc'] }).finished
  assert.deepEqual(linesOf(stdout), ['server true', 'client true'])
})
