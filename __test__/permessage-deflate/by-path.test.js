'use strict'

const test = require('node:test')
const assert = require('node:assert/strict')

const ROOT = 'permessage-deflate/lib'
const byPath = (file) => require(`faye-websocket-rs/${ROOT}/${file}`)

test('the main file of npm\'s permessage-deflate is the extension', () => {
  assert.equal(byPath('permessage_deflate'), require('faye-websocket-rs/permessage-deflate'))
})

test('sessions and helpers have no counterpart, and throw an error when called', () => {
  for (const file of ['session', 'client_session', 'server_session']) {
    const Absent = byPath(file)
    assert.throws(() => new Absent({}), new RegExp(`^Error: ${ROOT}/${file} has no counterpart in faye-websocket-rs: `))
  }
  const common = byPath('common')
  for (const name of ['fetch', 'validateOptions', 'validParams']) {
    assert.throws(() => common[name]({}, []), /^Error: permessage-deflate\/lib\/common has no counterpart/)
  }
})
