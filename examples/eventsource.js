'use strict'

// An event stream, and the page that shows it.

const { EventSource } = require('../')
const http = require('http')

const page = `<body><script>
  new EventSource('/').onmessage = (event) => document.body.append(event.data, ', ')
</script>`

const server = http.createServer((request, response) => {
  if (!EventSource.isEventSource(request)) {
    response.setHeader('Content-Type', 'text/html')
    return response.end(page)
  }

  const es = new EventSource(request, response, { retry: 1 })
  let id = Number(es.lastEventId) || 0 // the last event that a returning reader has received

  const timer = setInterval(() => {
    id += 1
    es.send('Hello ' + id, { id: String(id) })
  }, 1000)

  es.on('close', () => clearInterval(timer))
})

server.listen(8000, '127.0.0.1', () => console.log('open http://127.0.0.1:8000/'))
