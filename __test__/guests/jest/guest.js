'use strict'

// A test that Jest runs, as it runs the tests of a program. FAKE_TIMERS is the argument of jest.useFakeTimers().

/* global jest, test */

const { serve } = require('../program')

const { FAKE_TIMERS, SERVER_URL } = process.env

test('the scenarios are served', async () => {
  await serve(() => {
    const parts = {
      faye: require('../../..'),
      websocket: require('../../../lib/websocket-driver'),
      deflate: require('../../../lib/permessage-deflate')
    }
    if (FAKE_TIMERS) jest.useFakeTimers(JSON.parse(FAKE_TIMERS))
    return parts
  }, SERVER_URL, () => jest.useRealTimers())
}, 120000)
