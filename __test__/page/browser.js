'use strict'

// Finds Chromium for the tests of pages.

const fs = require('node:fs')

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

// Without --disable-quic and the background switches, Chromium would connect to the network.
const ARGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'
]

/** Returns `{ launch }`, which accepts more arguments of Chromium, or `{ missing }` with the reason to print. */
function findBrowser () {
  if (Number(process.versions.node.split('.')[0]) < 20) return { missing: 'playwright-core requires Node 20 or later' }

  const executablePath = [process.env.CHROMIUM, ...PLACES].find((place) => place && fs.existsSync(place))
  if (!executablePath) return { missing: 'no Chromium: install the package chromium, or set CHROMIUM to its path' }

  let chromium
  try {
    ({ chromium } = require('playwright-core'))
  } catch (error) {
    return { missing: 'playwright-core is not installed: run npm ci' }
  }
  return { launch: (...more) => chromium.launch({ executablePath, args: [...ARGS, ...more] }) }
}

module.exports = { findBrowser }
