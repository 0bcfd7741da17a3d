'use strict'

// The script of the page: sends the text of the form, and shows the messages of the server.

const { w3cwebsocket: WebSocket } = require('faye-websocket-rs/websocket')

const form = document.querySelector('form')
const log = document.querySelector('ol')
const ws = new WebSocket(`ws://${location.host}/`, 'echo')

ws.onopen = () => {
  form.elements.send.disabled = false
  print(`open, subprotocol ${ws.protocol}`)
}
ws.onmessage = ({ data }) => print(`message ${data}`)
ws.onclose = ({ code }) => {
  form.elements.send.disabled = true
  print(`close ${code}`)
}

form.onsubmit = (event) => {
  event.preventDefault()
  ws.send(form.elements.text.value)
}

function print (text) {
  log.append(Object.assign(document.createElement('li'), { textContent: text }))
}
