'use strict'

// What npm runs where this package is a git dependency, or a checkout in which packages are installed. For the former
// it has cloned the repository, has installed the development dependencies and will pack it, so the addon is built. A
// checkout is left alone. npm does not run this where the package comes from a registry or a tarball.

const { Failure, main } = require('./support')
const { build } = require('./build')

main(() => {
  // npm sets it for the installation inside of a clone.
  if (process.env._PACOTE_NO_PREPARE_ === undefined) return
  try {
    build()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure('faye-websocket-rs is installed from git, so its addon is built here. That has failed.\n' +
      error.message, error.exitCode)
  }
})
