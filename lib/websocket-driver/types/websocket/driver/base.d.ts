import driver = require('../../../index.js')

export = Base

/** What all drivers are instances of. It is not made itself. */
declare const Base: {
  readonly isWebSocket: typeof driver.isWebSocket
  readonly validateOptions: typeof driver.validateOptions
  /** `MAX_LENGTH` is the default of the option `maxLength`: setting it concerns all drivers that are made later. */
  readonly prototype: driver.Driver & { MAX_LENGTH: number }
}
