import driver = require('../../../index.js')

export = Base

/** The class of all drivers. The functions of websocket-driver create its instances. */
declare const Base: {
  readonly isWebSocket: typeof driver.isWebSocket
  readonly validateOptions: typeof driver.validateOptions
  /** `MAX_LENGTH` is the default of the option `maxLength`. Setting it changes the default of later drivers. */
  readonly prototype: driver.Driver & { MAX_LENGTH: number }
}
