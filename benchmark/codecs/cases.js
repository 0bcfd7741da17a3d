'use strict'

// The cases and the codecs of the benchmark, by the names that `src/case.rs` and `src/codecs.rs` know.

const CASES = [
  { name: 'text-125-single', title: '125 B text, one frame per chunk' },
  { name: 'text-125', title: '125 B text, chunks of 64 KiB' },
  { name: 'text-1k-single', title: '1 KiB text, mostly not ASCII, one frame per chunk' },
  { name: 'text-1k', title: '1 KiB text, mostly not ASCII, chunks of 64 KiB' },
  { name: 'binary-64k-single', title: '64 KiB binary, one frame per chunk' },
  { name: 'binary-64k', title: '64 KiB binary, chunks of 64 KiB' },
  { name: 'text-1k-fragments', title: '1 KiB text in 4 fragments, chunks of 64 KiB' },
  { name: 'binary-64k-fragments', title: '64 KiB binary in 16 fragments, chunks of 64 KiB' },
  { name: 'send-text-125', title: 'encode 125 B text, one write each' },
  { name: 'send-binary-64k', title: 'encode 64 KiB binary, one write each' }
]

const CORE = 'core'

const CODECS = [CORE, 'fastwebsockets', 'sockudo-ws', 'tokio-websockets', 'tungstenite'].map((name) => ({ name }))

module.exports = { CASES, CODECS, CORE }
