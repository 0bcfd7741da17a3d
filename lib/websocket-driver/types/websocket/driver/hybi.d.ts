import driver = require('../../../index.js')

export = Hybi

declare const Hybi: {
  /** Returns a server's driver for RFC 6455. */
  new (request: driver.Request, url?: string, options?: driver.Options | null): driver.HttpDriver
  /** Without a request, returns a driver whose `parse()` reads the frames of a connection that was opened elsewhere. */
  new (request?: null, url?: string, options?: driver.Options | null): driver.Driver
  readonly VERSION: '13'
  /** Returns the value of `Sec-WebSocket-Accept` for a key. */
  generateAccept (key: string): string
}
