'use strict'

// npm runs this script if the package is a git dependency, and if packages are installed in a checkout. For a git
// dependency, npm has cloned the repository and installed the development dependencies, and will pack it: the script
// then builds the addon. In a checkout it does nothing. npm does not run it for a package from a registry or a
// tarball.

const { Failure, main } = require('./support')
const { build } = require('./build')

main(() => {
  // npm sets this variable for the installation in a clone.
  if (process.env._PACOTE_NO_PREPARE_ === undefined) return
  try {
    build()
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    throw new Failure('faye-websocket-rs is installed from git, so npm builds its addon here. The build has failed.\n' +
      error.message, error.exitCode)
  }
})
