'use strict'

// Exceptions of handlers: they reach the program, and the connection continues. Also: a process ends when its last
// connection has closed. `runChild` turns functions into text, so that they see only their parameters and `require`.

const assert = require('node:assert/strict')

const { runChild } = require('../support/child')
const { deviation } = require('../support/websocket')

const path = require.resolve('../support/websocket')
const linesOf = (stdout) => stdout.trim().split('\n')

deviation('messages after a handler that throws are delivered without further bytes', async (scope) => {
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
  deviation(`a ${type} handler that throws is called once, and the next frame is delivered`, async (scope) => {
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
  deviation(`after ${how}, a close handler that throws is called once and the socket destroyed`, async (scope) => {
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

deviation('timers of closed connections do not keep a process running', async (scope) => {
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

deviation('closed connections are garbage-collected', async (scope) => {
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
