'use strict'

// A registry on loopback that serves only this package, its aliases, and the packages of a test. So a tested manager
// downloads nothing else.

const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const zlib = require('node:zlib')
const { createHash } = require('node:crypto')
const { once } = require('node:events')

const { FOLDER } = require('../../scripts/aliases')
const { ROOT, npm } = require('../package/process')

/** Some managers refuse packages that are younger than a day. */
const PUBLISHED = '2020-01-01T00:00:00.000Z'

/**
 * Packs folders and serves the tarballs.
 *
 * @param {string} work a directory for the tarballs
 * @param {string[]} folders of other packages, each with a package.json
 * @param {{ isPublished?: boolean }} [options] whether the registry serves this package and its aliases
 * @returns {Promise<{ url: string, close: () => void }>}
 */
async function startRegistry (work, folders, { isPublished = true } = {}) {
  const tarballs = path.join(work, 'tarballs')
  fs.mkdirSync(tarballs)
  const packed = isPublished ? [...ourFolders(), ...folders] : folders
  await npm(['pack', '--ignore-scripts', '--pack-destination', tarballs, ...packed], { cwd: work })
  const packages = new Map()
  for (const file of fs.readdirSync(tarballs)) {
    const content = fs.readFileSync(path.join(tarballs, file))
    const manifest = manifestOf(content)
    packages.set(manifest.name, { file, content, manifest })
  }
  const server = http.createServer((request, response) => {
    const [, name, file] = /^\/((?:@[^/]+\/)?[^/]+)(?:\/-\/(.+))?$/.exec(decodeURIComponent(request.url)) ?? []
    const found = packages.get(name)
    if (!found || (file && file !== found.file)) return response.writeHead(404).end('{}')
    if (file) return response.end(found.content)
    response.setHeader('Content-Type', 'application/json')
    response.end(JSON.stringify(packument(found, `http://${request.headers.host}/${name}/-/${found.file}`)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() }
}

/** Returns the folders of this package and its aliases. */
function ourFolders () {
  return [ROOT, ...fs.readdirSync(path.join(ROOT, FOLDER)).map((name) => path.join(ROOT, FOLDER, name))]
}

function packument ({ content, manifest }, tarball) {
  const { name, version } = manifest
  const integrity = `sha512-${createHash('sha512').update(content).digest('base64')}`
  const dist = { tarball, integrity, shasum: createHash('sha1').update(content).digest('hex') }
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
    time: { created: PUBLISHED, modified: PUBLISHED, [version]: PUBLISHED }
  }
}

/** Returns the package.json of an npm tarball. */
function manifestOf (content) {
  const archive = zlib.gunzipSync(content)
  for (let at = 0; archive[at] !== 0;) {
    const text = (start, end) => archive.toString('latin1', at + start, at + end).replace(/\0.*$/s, '')
    const size = parseInt(text(124, 136), 8)
    const start = at + 512
    if (text(0, 100) === 'package/package.json') return JSON.parse(archive.toString('utf8', start, start + size))
    at = start + Math.ceil(size / 512) * 512
  }
  throw new Error('The tarball has no package.json')
}

module.exports = { startRegistry, ourFolders }
