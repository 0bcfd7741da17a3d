'use strict'

// Checks the tarballs with publint and attw (@arethetypeswrong/core): `exports`, files and types must match for every
// module resolution. Suggestions of publint count, and all problems of attw, as in its profile "strict".

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')

const { ALIASES, FOLDER } = require('../../scripts/aliases')
const { ROOT, npm, temporaryFolder } = require('../package/process')

/** Only bundlers use this condition. Its file is CommonJS, like the files that require it. */
const EXCEPTION = 'pkg.imports["#addon"].module should be ESM, but the code is written in CJS.'
const aliases = ALIASES.map(({ original }) => path.join(ROOT, FOLDER, original))

for (const folder of [ROOT, ...aliases]) {
  const { name } = require(path.join(folder, 'package.json'))
  const tarball = pack(folder)

  test(`publint finds nothing in ${name}`, async () => {
    const { publint } = await import('publint')
    const { formatMessage } = await import('publint/utils')
    const { messages, pkg } = await publint({ pack: { tarball: (await tarball).buffer }, strict: true })
    const found = messages.map((message) => formatMessage(message, pkg, { color: false }))
    assert.deepEqual(found.filter((message) => message !== EXCEPTION), [])
  })

  test(`attw finds nothing in ${name}`, async () => {
    const { createPackageFromTarballData, checkPackage } = await import('@arethetypeswrong/core')
    const analysis = await checkPackage(createPackageFromTarballData(await tarball))
    assert.ok(analysis.types, 'there are types')
    assert.deepEqual(analysis.problems, [])
  })
}

/** Packs a folder and returns the bytes of the tarball. */
async function pack (folder) {
  const packed = temporaryFolder()
  await npm(['pack', '--ignore-scripts', '--pack-destination', packed], { cwd: folder })
  const data = fs.readFileSync(path.join(packed, fs.readdirSync(packed)[0]))
  return Uint8Array.from(data)
}
