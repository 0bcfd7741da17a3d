'use strict'
/* global document, location, performance, fetch, WebSocket, EventSource */

const byId = (id) => document.getElementById(id)

// Opens a WebSocket, and opens it again whenever it closes. Waits longer after each failure.
function connect (path, stateId, handlers) {
  const state = byId(stateId)
  const connection = { ws: null, isOpen: () => connection.ws.readyState === WebSocket.OPEN }
  let failures = 0
  let lost = ''

  const open = () => {
    show(state, 'connecting', failures === 0 ? 'Connecting' : 'Reconnecting')
    const ws = connection.ws = new WebSocket(address(path))

    ws.onopen = () => {
      failures = 0
      lost = ''
      show(state, 'open', 'Connected')
      handlers.open()
    }

    ws.onmessage = (event) => handlers.message(event.data)

    ws.onclose = (event) => {
      const wait = backoff(failures++)
      // Keeps the close of the open connection, which explains more than the failures of later attempts.
      lost = lost || describeClose(event)
      show(state, 'closed', `${lost}, ${retryIn(wait)}`)
      handlers.close()
      setTimeout(open, wait)
    }
  }

  open()
  return connection
}

// 0.5 s, 1 s, 2 s and so on up to 8 s. A random factor keeps many pages from returning at the same time.
function backoff (failures) {
  return Math.min(500 * 2 ** failures, 8000) * (0.85 + 0.3 * Math.random())
}

function address (path) {
  return location.origin.replace(/^http/, 'ws') + path
}

function describeClose ({ code, reason }) {
  return `Closed: ${code} ${reason || (code === 1006 ? 'connection lost' : '')}`.trim()
}

function retryIn (wait) {
  return `retry in ${(wait / 1000).toFixed(1)} s`
}

function show (element, state, text) {
  element.dataset.state = state
  element.textContent = text
}

function element (name, className, ...content) {
  const node = document.createElement(name)
  if (className) node.className = className
  // append() turns strings into text nodes, so typed text never becomes markup.
  node.append(...content)
  return node
}

function milliseconds (value) {
  return value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)
}

function startEcho () {
  const PROBE_EVERY = 250
  const MAX_PENDING = 40
  const POINTS = 120

  const pending = [] // messages without an echo yet; echoes keep their order
  const times = []
  let count = 0

  const connection = connect('/echo', 'echo-state', {
    open () {},
    message (text) {
      const sent = pending.shift()
      const time = performance.now() - sent.at
      times.push(time)
      if (times.length > POINTS) times.shift()
      count++
      if (text !== sent.text) reply('The echo differs from the message.')
      else if (sent.typed) reply(element('q', '', text), ` came back in ${milliseconds(time)} ms.`)
      draw()
    },
    close () {
      if (pending.some((sent) => sent.typed)) reply('The connection closed before your message came back.')
      pending.length = 0
    }
  })

  function send (text, typed) {
    if (!connection.isOpen() || pending.length >= MAX_PENDING) return false
    pending.push({ text, typed, at: performance.now() })
    connection.ws.send(text)
    return true
  }

  function reply (...content) {
    byId('echo-reply').replaceChildren(...content)
  }

  function draw () {
    const sorted = [...times].sort((a, b) => a - b)
    byId('echo-last').textContent = milliseconds(times[times.length - 1])
    byId('echo-median').textContent = milliseconds(sorted[sorted.length >> 1])
    byId('echo-worst').textContent = milliseconds(sorted[sorted.length - 1])
    byId('echo-count').textContent = count.toLocaleString('en')

    // One slow echo must not flatten all the others, so the slowest tenth may exceed the chart.
    const top = niceCeiling(1.6 * sorted[Math.floor(sorted.length * 0.9)])
    byId('echo-top').textContent = `${top} ms`
    byId('echo-middle').textContent = `${top / 2} ms`
    drawLine(byId('echo-chart'), times.map((time) => Math.min(time / top, 1)))
  }

  function drawLine (chart, heights) {
    const left = 600 - (heights.length - 1) * 600 / (POINTS - 1)
    const points = heights.map((height, i) => {
      return `${(left + i * 600 / (POINTS - 1)).toFixed(1)},${(147 - height * 144).toFixed(1)}`
    })
    const [first, last] = [points[0], points[points.length - 1]]
    chart.querySelector('.line').setAttribute('points', points.join(' '))
    chart.querySelector('.area').setAttribute('d', `M${points.join('L')}L600,149L${first.split(',')[0]},149Z`)
    chart.querySelector('.now').setAttribute('d', `M${last}h0`)
  }

  byId('echo-form').addEventListener('submit', (event) => {
    event.preventDefault()
    const input = byId('echo-text')
    if (!input.value) return
    if (send(input.value, true)) input.value = ''
    else reply('Your message was not sent, because the connection is closed.')
  })

  let probe = 0
  setInterval(() => send(`probe ${++probe}`, false), PROBE_EVERY)
}

// Returns the next of 1, 2, 5, 10, 20, 50 and so on, also below 1.
function niceCeiling (value) {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 0.1)))
  return Number((unit * [1, 2, 5, 10].find((step) => value <= step * unit)).toPrecision(1))
}

function startBenchmark () {
  const DURATION = 3000
  const SIZE = 125
  const RUNS = 5

  const runs = []

  byId('bench-form').addEventListener('submit', (event) => {
    event.preventDefault()
    measure(Number(byId('bench-flight').value))
  })

  function measure (inFlight) {
    const ws = new WebSocket(address('/echo'))
    let sent = 0
    let received = 0
    let started = 0
    let progress

    const send = () => ws.send(message(sent++))
    const elapsed = () => performance.now() - started
    const rate = () => received / elapsed() * 1000

    byId('bench-run').disabled = true
    show(byId('bench-state'), 'connecting', 'Connecting')

    ws.onopen = () => {
      show(byId('bench-state'), 'busy', 'Measuring')
      started = performance.now()
      for (let i = 0; i < inFlight; i++) send()
      progress = setInterval(() => {
        byId('bench-progress').value = elapsed() / DURATION
        byId('bench-rate').textContent = perSecond(rate())
      }, 100)
    }

    ws.onmessage = ({ data }) => {
      if (data !== message(received)) return finish('closed', `The echo of message ${received} differs`)
      received++
      if (elapsed() < DURATION) return send()
      addRun({ inFlight, rate: rate() })
      finish('done', `${received.toLocaleString('en')} echoes checked`)
    }

    ws.onclose = (event) => finish('closed', describeClose(event))

    function finish (state, text) {
      ws.onmessage = ws.onclose = null
      ws.close()
      clearInterval(progress)
      byId('bench-run').disabled = false
      byId('bench-progress').value = 0
      show(byId('bench-state'), state, text)
    }
  }

  // Numbered, to detect a lost, repeated or reordered message.
  function message (number) {
    return `message ${number} `.padEnd(SIZE, '.')
  }

  function perSecond (rate) {
    return Math.round(rate).toLocaleString('en')
  }

  function addRun (run) {
    runs.unshift(run)
    runs.length = Math.min(runs.length, RUNS)
    const best = Math.max(...runs.map((run) => run.rate))
    byId('bench-rate').textContent = perSecond(run.rate)
    byId('bench-empty').hidden = true
    byId('bench-runs').replaceChildren(...runs.map((run) => {
      const bar = element('i')
      bar.style.width = `${100 * run.rate / best}%`
      const label = element('span', '', `${run.inFlight} in flight`)
      return element('li', '', bar, label, element('span', '', `${perSecond(run.rate)} /s`))
    }))
  }
}

function startClock () {
  const TICKS = 90

  const state = byId('clock-state')
  let stream = null
  let opened = 0
  let resent = 0
  let failures = 0

  function open () {
    const source = new EventSource('/clock')

    source.addEventListener('open', () => {
      failures = 0
      byId('clock-reconnects').textContent = opened++
      show(state, 'open', 'Streaming')
    })

    source.addEventListener('hello', ({ data }) => {
      const hello = JSON.parse(data)
      stream = hello.stream
      byId('clock-drop').disabled = false
      if (hello.lastEventId) byId('clock-resumed').textContent = hello.lastEventId
    })

    source.addEventListener('message', ({ data, lastEventId }) => {
      const tick = JSON.parse(data)
      byId('clock-time').textContent = new Date(tick.time).toLocaleTimeString()
      byId('clock-id').textContent = lastEventId
      if (tick.resent) byId('clock-resent').textContent = ++resent
      const ticks = byId('clock-ticks')
      ticks.append(element('i', tick.resent ? 'resent' : ''))
      if (ticks.children.length > TICKS) ticks.firstChild.remove()
    })

    source.addEventListener('error', () => {
      byId('clock-drop').disabled = true
      if (source.readyState === EventSource.CONNECTING) return show(state, 'connecting', 'Dropped, reconnecting')
      // Some browsers stop reconnecting when no server listens on the port.
      const wait = backoff(failures++)
      show(state, 'closed', `Closed, ${retryIn(wait)}`)
      setTimeout(open, wait)
    })
  }

  byId('clock-drop').addEventListener('click', () => {
    byId('clock-drop').disabled = true
    fetch(`/clock/drop?stream=${stream}`, { method: 'POST' }).catch(() => {}) // the stream's state shows it
  })

  open()
}

function startChat () {
  const ENTRIES = 200

  const log = byId('chat-log')
  const name = byId('chat-name')
  let me = 0

  name.value = `Guest ${Math.floor(1000 * Math.random())}`

  const connection = connect('/chat', 'chat-state', {
    open () {
      byId('chat-send').disabled = false
      introduce()
    },
    message (text) {
      const message = JSON.parse(text)
      if (message.type === 'welcome') {
        me = message.id
        log.replaceChildren()
        message.history.forEach(add)
      } else {
        byId('chat-people').textContent = message.people === 1 ? 'Only you here' : `${message.people} people here`
        add(message)
      }
    },
    close () {
      byId('chat-send').disabled = true
      byId('chat-people').textContent = ''
    }
  })

  const wording = {
    say: ({ name, text }) => [element('b', '', element('bdi', '', name)), ' ', element('bdi', '', text)],
    join: ({ name }) => [element('bdi', '', name), ' joined'],
    leave: ({ name }) => [element('bdi', '', name), ' left'],
    rename: ({ before, name }) => [element('bdi', '', before), ' is now ', element('bdi', '', name)]
  }

  function add (message) {
    const followed = log.scrollHeight - log.scrollTop - log.clientHeight < 40
    const time = new Date(message.time).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
    const className = message.type !== 'say' ? 'note' : message.id === me ? 'mine' : ''
    log.append(element('li', className, element('time', '', time), ...wording[message.type](message)))
    if (log.children.length > ENTRIES) log.firstChild.remove()
    if (followed) log.scrollTop = log.scrollHeight
  }

  function introduce () {
    const chosen = name.value.trim()
    if (chosen && connection.isOpen()) connection.ws.send(JSON.stringify({ type: 'name', name: chosen }))
  }

  name.addEventListener('change', introduce)

  byId('name-form').addEventListener('submit', (event) => {
    event.preventDefault()
    introduce()
    byId('chat-text').focus()
  })

  byId('chat-form').addEventListener('submit', (event) => {
    event.preventDefault()
    const input = byId('chat-text')
    const text = input.value.trim()
    if (!text || !connection.isOpen()) return
    connection.ws.send(JSON.stringify({ type: 'say', text }))
    input.value = ''
  })
}

startEcho()
startBenchmark()
startClock()
startChat()
