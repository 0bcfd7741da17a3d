'use strict'

// Differences from the original's router. __test__/parity/websocket-router.test.js tests the shared behaviour.

const assert = require('node:assert/strict')
const { parse } = require('node:url')
const { runInNewContext: foreign } = require('node:vm')

const { router: Router } = require('../../lib/websocket')
const { test } = require('../support/test')

/** Returns for each target the status with which the router rejects it, or null. */
function routed (router, ...targets) {
  return targets.map((target) => {
    let answer = null
    router.handleRequest({
      requestedProtocols: [],
      resourceURL: parse(target),
      reject: (status) => { answer = status }
    })
    return answer
  })
}

for (const flags of ['g', 'y', 'gy']) {
  test(`a RegExp with the flags ${flags} matches each request from its beginning`, () => {
    const router = new Router()
    let found = 0
    router.mount(new RegExp('/x', flags), null, () => { found++ })
    assert.deepEqual(routed(router, '/x', '/x', '/x', '/y'), [null, null, null, 404])
    assert.equal(found, 3)
  })
}

test('a RegExp of another realm is a valid path', () => {
  const router = new Router()
  router.mount(foreign('/^.x$/'), null, () => {})
  assert.deepEqual(routed(router, '/x', '/xx'), [null, 404])
})

test('a handler for requests without a protocol can be unmounted', () => {
  const router = new Router()
  router.mount('/x', null, () => {})
  router.unmount('/x')
  assert.deepEqual(router.handlers, [])
})
