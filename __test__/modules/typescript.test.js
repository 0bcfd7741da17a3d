'use strict'

// A sample of `npm run test:typescript`: the oldest version, and the newest with the settings of its --init.

const test = require('node:test')

const { SETTINGS, VERSIONS, compilesAndRuns } = require('./projects')

const SAMPLE = [['5.0', 'node10 without esModuleInterop'], ['7.0', 'tsc --init, which is nodenext']]

for (const [typescript, name] of SAMPLE) {
  test(`TypeScript ${typescript}, ${name}: programs compile and run`, () => compilesAndRuns(
    VERSIONS.find((version) => version.typescript === typescript),
    SETTINGS.find((setting) => setting.name === name)
  ))
}
