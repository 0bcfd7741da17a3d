'use strict'

// The name under which the generated loader, binding.js, looks for the addon on this machine.

const BINARY_NAME = 'faye-websocket'

const WINDOWS = { x64: 'x64-msvc', ia32: 'ia32-msvc', arm64: 'arm64-msvc' }

const LINUX_GNU = {
  x64: 'x64-gnu',
  arm64: 'arm64-gnu',
  arm: 'arm-gnueabihf',
  loong64: 'loong64-gnu',
  riscv64: 'riscv64-gnu',
  ppc64: 'ppc64-gnu',
  s390x: 's390x-gnu'
}

const LINUX_MUSL = {
  x64: 'x64-musl',
  arm64: 'arm64-musl',
  arm: 'arm-musleabihf',
  loong64: 'loong64-musl',
  riscv64: 'riscv64-musl'
}

function addonName (platform = process.platform, arch = process.arch, musl = isMusl()) {
  const target = platformArchAbi(platform, arch, musl)
  return target && `${BINARY_NAME}.${target}.node`
}

function platformArchAbi (platform, arch, musl) {
  switch (platform) {
    case 'win32': return WINDOWS[arch] && `win32-${WINDOWS[arch]}`
    case 'linux': {
      const names = musl ? LINUX_MUSL : LINUX_GNU
      return names[arch] && `linux-${names[arch]}`
    }
    case 'darwin': return `darwin-${arch}`
    case 'freebsd': return `freebsd-${arch}`
    default: return undefined
  }
}

function isMusl () {
  if (process.platform !== 'linux') return false
  return process.report.getReport().header.glibcVersionRuntime === undefined
}

module.exports = { addonName, isMusl }
