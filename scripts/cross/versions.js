'use strict'

// What the cross toolchains are made of: the one place that names versions. A folder of the cache carries the version
// in its name, so a changed line fetches that part anew and nothing else.

/** A release of Debian, whose programs run on every Linux with glibc 2.36 or newer. */
const DEBIAN = 'bookworm'

/** rustc for targets whose standard library rustup has not brought. A star: Debian's revisions replace each other. */
const RUST = '1.96.0+dfsg1-*'
const RUST_PACKAGES = [
  `rustc-web=${RUST}`, `libstd-rust-web-dev=${RUST}`, `libstd-rust-web-1.96=${RUST}`, `rust-web-src=${RUST}`,
  'lld-22', 'libllvm22',
  // What those link, beyond what every Debian has.
  'libbsd0', 'libedit2', 'libffi8', 'libicu72', 'liblzma5', 'libmd0', 'libtinfo6', 'libxml2', 'libz3-4', 'libzstd1'
]

module.exports = { DEBIAN, RUST, RUST_PACKAGES }
