'use strict'

// Differences from the original's cookies. __test__/parity/websocket-request.test.js tests the shared behaviour.

const assert = require('node:assert/strict')
const { runInNewContext: foreign } = require('node:vm')

const { cookieHeaders, parseCookies } = require('../../lib/websocket/cookies')
const { test } = require('../support/test')

for (const [name, cookie, expected] of [
  ['a number is written as text', { name: 'n', value: 5 }, 'n=5'],
  ['a date of another realm is accepted', { name: 'n', value: 'v', expires: foreign('new Date(0)') },
    'n=v;Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
  ['an object with toString is a valid path', { name: 'n', value: 'v', path: { toString: () => '/p' } },
    'n=v;Path=/p']
]) {
  test(name, () => assert.deepEqual(cookieHeaders([cookie]), [expected]))
}

for (const [name, cookie, message] of [
  ['an invalid date', { expires: new Date(NaN) },
    'Value supplied for cookie "expires" must be a vaild date object'],
  ['an infinite maxage', { maxage: Infinity }, 'Value supplied for cookie "maxage" must be a non-zero number'],
  ['a maxage beyond whole numbers', { maxage: 1e21 }, 'Value supplied for cookie "maxage" must be a non-zero number']
]) {
  test(`${name} throws`, () => {
    assert.throws(() => cookieHeaders([{ name: 'n', value: 'v', ...cookie }]), { message })
  })
}

test('the cookies of a program are not changed', () => {
  const cookie = Object.freeze({ name: 'a b', value: 'c;d' })
  assert.deepEqual(cookieHeaders([cookie]), ['ab=cd'])
})

test('a Cookie header of any size is parsed in linear time', () => {
  const begun = process.hrtime.bigint()
  assert.equal(parseCookies('a=b; '.repeat(20000)).length, 20001)
  assert.equal(parseCookies(';' + ' '.repeat(100000) + 'a').length, 2)
  assert.equal(parseCookies('a=' + ' '.repeat(100000) + '"').length, 1)
  assert.ok(process.hrtime.bigint() - begun < 500_000_000n)
})
