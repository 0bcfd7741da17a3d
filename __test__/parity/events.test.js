'use strict'

const { Readable, Stream } = require('node:stream')

const { once } = require('../support/peer')
const { closePayload, frame, readFrames } = require('../support/wire')
const { runChild } = require('../support/child')
const { parity } = require('./compare')
const { openClient, openServer, roles } = require('./scripts')

for (const { role, open, toSubject, note } of roles) {
  parity(`${role}: onmessage is called before listeners, and data before message`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    const listener = function () { log.add('listener', this === ws, arguments.length) }
    ws.addEventListener('message', listener)
    ws.addEventListener('message', listener, true)
    ws.addEventListener('message', () => log.add('last'))
    peer.write(toSubject('text', 'a'))
    await once(ws, 'message')
    ws.removeEventListener('message', listener)
    peer.write(toSubject('text', 'b'))
    await once(ws, 'message')
    log.call('addEventListener', () => ws.addEventListener('open', () => {}))
    log.call('removeEventListener', () => ws.removeEventListener('open', () => {}))
  })

  parity(`${role}: on properties can be null, replaced, or set in their handler`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    ws.onmessage = function (event) {
      log.add('first', event.data, this === ws)
      ws.onmessage = (event) => {
        log.add('second', event.data)
        ws.onmessage = null
      }
    }
    peer.write(Buffer.concat(['a', 'b', 'c'].map((text) => toSubject('text', text))))
    await scope.settle(60)
    ws.onclose = null
    ws.onerror = undefined
    peer.write(toSubject(3, ''))
    await once(ws, 'close')
    log.add('onmessage', ws.onmessage, ws.onclose, ws.onerror)
  })

  parity(`${role}: a listener can remove itself and others`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    const second = () => log.add('second')
    ws.on('message', function first () {
      log.add('first')
      ws.removeListener('message', first)
      ws.removeListener('message', second)
    })
    ws.on('message', second)
    peer.write(Buffer.concat(['a', 'b'].map((text) => toSubject('text', text))))
    await scope.settle(60)
  })

  parity(`${role}: removeAllListeners keeps onmessage`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    ws.removeAllListeners('message')
    ws.removeAllListeners('data')
    peer.write(toSubject('text', 'a'))
    await scope.settle(60)
  })

  parity(`${role}: event objects have the methods of events`, async (WebSocket, log, scope) => {
    const { peer, ws } = await open(WebSocket, log, scope)
    peer.write(toSubject('text', 'a'))
    const event = await once(ws, 'message')
    for (const method of ['stopPropagation', 'preventDefault', 'initEvent']) log.add(method, typeof event[method])
    log.call('stopPropagation', () => event.stopPropagation())
    log.call('preventDefault', () => event.preventDefault())
  })

  parity(`${role}: applications can dispatch their own events`, async (WebSocket, log, scope) => {
    const { ws } = await open(WebSocket, log, scope)
    ws.onmine = (event) => log.add('onmine', event.type, event.eventPhase, event.target === ws)
    ws.on('mine', (event) => log.add('mine', event.detail))
    log.call('dispatchEvent', () => ws.dispatchEvent({ type: 'mine', detail: 5 }))
  })

  const actions = {
    send: (ws, log) => log.call('send', () => ws.send('from the handler')),
    ping: (ws, log) => log.call('ping', () => ws.ping('from the handler')),
    close: (ws, log) => log.call('close', () => ws.close(3000, 'from the handler')),
    end: (ws, log) => log.call('end', () => ws.end('from the handler'))
  }
  for (const type of ['message', 'data', 'error', 'end', 'close']) {
    for (const [name, act] of Object.entries(actions)) {
      if (type === 'error' && name === 'send') continue
      parity(`${role}: ${name} in a handler of ${type}`, async (WebSocket, log, scope) => {
        const { peer, ws } = await open(WebSocket, log, scope)
        ws.once(type, () => act(ws, log))
        const ending = type === 'error' ? toSubject(3, '') : toSubject('close', closePayload(1001, 'r'))
        peer.write(Buffer.concat([
          toSubject('text', 'a'), toSubject('ping', 'p'), ending, toSubject('text', 'after')
        ]))
        await peer.until(() => readFrames(peer.bytes).frames.some(({ type }) => type === 'close'))
        if (ws.readyState !== 3) await once(ws, 'close')
        await scope.settle()
        note(log, peer)
      })
    }
  }
}

for (const name of ['send', 'ping', 'close', 'end']) {
  parity(`${name} in a handler of open`, async (WebSocket, log, scope) => {
    const { peer } = await openServer(WebSocket, log, scope, {
      onSocket: (ws) => ws.on('open', () => log.call(name, () => name === 'close' ? ws.close() : ws[name]('x')))
    })
    await peer.until(() => readFrames(peer.bytes).frames.length > 0)
    await scope.settle()
    log.wire(peer)
  })
}

parity('an error without a listener does not throw', async (WebSocket, log) => {
  const ws = new WebSocket.Client('ws://127.0.0.1:1/')
  const close = await once(ws, 'close')
  log.add('close', close.code, close.reason)
})

/** Returns whether pipe() of this Node catches exceptions. The original then loses the errors of handlers. */
function pipeCatches () {
  const source = new Readable({ read () {} })
  const target = Object.assign(new Stream(), { writable: true, write () { throw new Error('mine') }, destroy () {} })
  source.on('error', () => {})
  target.on('error', () => {})
  source.pipe(target)
  try {
    source.emit('data', Buffer.from('x'))
    return true
  } catch {
    return false
  }
}

const CATCHES = pipeCatches() && 'pipe() of this Node catches the exceptions of handlers of faye-websocket'

// An exception of a handler ends the process. A listener of uncaughtException observes the order of events.
function throwing (WebSocket, { serve, connectOpen }, type) {
  const { fromClient, closePayload } = require('./wire')
  const note = (...words) => console.log(...words)
  const mine = Object.assign(new Error('mine'), { tag: 7 })
  process.on('uncaughtException', (error) => note('uncaught', error === mine, error.message))

  const cleanups = []
  serve({ defer: (cleanup) => cleanups.push(cleanup) }, WebSocket, {
    onSocket: (ws) => {
      let thrown = false
      const handler = ({ data }) => {
        note(type, String(data))
        if (thrown) return
        thrown = true
        throw mine
      }
      if (type.startsWith('on')) ws[type] = handler
      else ws.on(type, type === 'data' ? (data) => handler({ data }) : handler)
      for (const other of ['open', 'message', 'end', 'close']) ws.on(other, () => note('seen', other, ws.readyState))
    }
  }).then(async ({ port }) => {
    const scope = { defer: (cleanup) => cleanups.push(cleanup) }
    const peer = await connectOpen(scope, port)
    const wait = () => new Promise((resolve) => setTimeout(resolve, 60))
    peer.write(fromClient('text', 'one'))
    await wait()
    peer.write(fromClient('text', 'two'))
    await wait()
    peer.write(fromClient('close', closePayload(1000)))
    await wait()
    process.exit()
  })
}

for (const type of ['onopen', 'open', 'onmessage', 'message', 'data', 'onclose', 'close']) {
  parity(`an exception in ${type} is one uncaught exception, and the connection continues`,
    async (WebSocket, log, scope, path) => {
      const { stdout, code } = await runChild(scope, throwing, { path, argument: type }).finished
      for (const line of stdout.split('\n')) log.add(line)
      log.add('exit', code)
    }, { skip: CATCHES })
}

parity('an uncaught exception of a handler ends the process', async (WebSocket, log, scope, path) => {
  const script = (WebSocket, { serve, connectOpen }) => {
    const { fromClient } = require('./wire')
    const scope = { defer: () => {} }
    serve(scope, WebSocket, { onSocket: (ws) => { ws.onmessage = () => { throw new Error('mine') } } })
      .then(async ({ port }) => {
        const peer = await connectOpen(scope, port)
        peer.write(fromClient('text', 'x'))
      })
  }
  const { stderr, code } = await runChild(scope, script, { path }).finished
  log.add('exit', code, /Error: mine/.test(stderr))
}, { skip: CATCHES })

parity('messages after a handler that throws are not lost', async (WebSocket, log, scope, path) => {
  const script = (WebSocket, { serve, connectOpen }) => {
    const { fromClient } = require('./wire')
    process.on('uncaughtException', (error) => console.log('uncaught', error.message))
    const scope = { defer: () => {} }
    serve(scope, WebSocket, {
      onSocket: (ws) => {
        ws.onmessage = ({ data }) => {
          console.log('message', data)
          if (data === 'one') throw new Error('mine')
        }
      }
    }).then(async ({ port }) => {
      const peer = await connectOpen(scope, port)
      peer.write(Buffer.concat(['one', 'two', 'three'].map((text) => fromClient('text', text))))
      await new Promise((resolve) => setTimeout(resolve, 80))
      peer.write(fromClient('text', 'four'))
      await new Promise((resolve) => setTimeout(resolve, 80))
      process.exit()
    })
  }
  const { stdout } = await runChild(scope, script, { path }).finished
  log.add(stdout)
}, { skip: CATCHES })

parity('each frame of a client has a new masking key', async (WebSocket, log, scope) => {
  const { peer, ws } = await openClient(WebSocket, log, scope)
  for (let i = 0; i < 20; i++) ws.send('same')
  const frames = await peer.frames(20)
  log.add('masked', frames.every(({ mask }) => mask !== null))
  log.add('different', new Set(frames.map(({ mask }) => mask.toString('hex'))).size)
  peer.write(frame('text', 'x'))
})
