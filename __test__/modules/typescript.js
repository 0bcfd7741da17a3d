'use strict'

// `npm run test:typescript`: all supported versions of TypeScript with every module resolution.

const test = require('node:test')

const { ensureDependencies } = require('../../scripts/support')
const { SETTINGS, VERSIONS, compilesAndRuns } = require('./projects')

ensureDependencies('__test__/modules')

for (const version of VERSIONS) {
  for (const setting of SETTINGS.filter(({ isFor = () => true }) => isFor(version.number))) {
    const { typescript, node } = version
    test(`TypeScript ${typescript}, @types/node ${node}, ${setting.name}: programs compile and run`, () =>
      compilesAndRuns(version, setting))
  }
}
