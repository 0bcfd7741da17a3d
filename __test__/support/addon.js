'use strict'

// For `node --require`: makes the package load the addon that TEST_ADDON names, instead of the addon of this checkout.

const path = require('node:path')

const { addonName } = require('../../scripts/platform')

const { TEST_ADDON } = process.env
if (TEST_ADDON !== undefined) {
  const filename = path.join(__dirname, '../..', addonName())
  const loaded = { filename, loaded: true, exports: require(TEST_ADDON) }
  require.cache[filename] = Object.assign(new module.constructor(filename, null), loaded)
}

/** Returns the environment of a process that loads this addon. */
function withAddon (file) {
  return { TEST_ADDON: file, NODE_OPTIONS: `--require ${JSON.stringify(__filename)}` }
}

module.exports = { withAddon }
