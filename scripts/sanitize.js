'use strict'

// npm run sanitize: runs Node tests with an addon that is instrumented with AddressSanitizer.
//
// A read or write outside of an allocation, a use after a free and a double free end the process with a report. Node
// itself is not instrumented, so gcc's runtime is preloaded into it. Leaks are not reported, because V8 frees little
// when a process ends.

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { ROOT, Failure, run, ensureDependencies, main } = require('./support')
const { withAddon } = require('../__test__/support/addon')
const { testFiles } = require('./test_files')
const { runTests, summarise } = require('./test_runner')

const USAGE = `Usage: npm run sanitize -- [filter ...]

  filter   runs the Node test files whose path contains a filter. Default: __test__/transport/`

const NEEDS = 'This requires Linux, Rust 1.88 or newer, and gcc with its AddressSanitizer runtime (libasan).'
const TRIPLE = { x64: 'x86_64-unknown-linux-gnu', arm64: 'aarch64-unknown-linux-gnu' }[process.arch]
const TARGET = path.join(ROOT, 'target', 'asan')
const ADDON = path.join(TARGET, 'faye-websocket.node')

main(async (args) => {
  const option = args.find((arg) => arg.startsWith('-'))
  if (option) throw new Failure(`Unknown argument: ${option}\n${USAGE}`)
  if (process.platform !== 'linux' || !TRIPLE) throw new Failure(`AddressSanitizer is not available here. ${NEEDS}`)
  ensureDependencies()
  build()
  const environment = {
    LD_PRELOAD: runtime(),
    ...withAddon(ADDON),
    ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1'
  }
  mustBeWatched(environment)
  const filters = args.length > 0 ? args : ['__test__/transport/']
  const runs = testFiles(filters).map((file) => ({ file, label: 'sanitized', env: environment }))
  process.exitCode = summarise([await runTests(runs, os.cpus().length)])
})

function build () {
  // -Z flags are unstable, so they require RUSTC_BOOTSTRAP. Link-time optimisation would only take time.
  run('cargo', [
    'build', '--release', '--locked', '--target', TRIPLE, '--config', 'profile.release.strip=false', '--config',
    'profile.release.lto=false', '--config', 'profile.release.debug="line-tables-only"'
  ], {
    fix: NEEDS,
    env: {
      ...process.env,
      CARGO_TARGET_DIR: TARGET,
      RUSTC_BOOTSTRAP: '1',
      RUSTFLAGS: '-Zsanitizer=address -Cunsafe-allow-abi-mismatch=sanitizer'
    }
  })
  fs.copyFileSync(path.join(TARGET, TRIPLE, 'release', 'libfaye_websocket_binding.so'), ADDON)
}

function runtime () {
  const library = execFileSync('gcc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
  if (path.isAbsolute(library)) return fs.realpathSync(library)
  throw new Failure(`gcc has no libasan. ${NEEDS}`)
}

/** Checks that the addon is instrumented: it must not load without the runtime. Otherwise it would pass every test. */
function mustBeWatched ({ LD_PRELOAD, ...environment }) {
  const { status, stderr } = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(ADDON)})`], {
    env: { ...process.env, ...environment },
    encoding: 'utf8'
  })
  if (status === 0 || !stderr.includes('__asan')) throw new Failure('The addon is not instrumented:\n' + stderr)
}
