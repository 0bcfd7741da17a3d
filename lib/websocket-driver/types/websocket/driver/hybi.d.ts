import driver = require('../../../index.js')

export = Hybi

declare const Hybi: {
  /** A server's driver for RFC 6455. */
  new (request: driver.Request, url?: string, options?: driver.Options | null): driver.HttpDriver
  /** Without a request: reads the frames of a connection that was opened elsewhere, by `parse()`. */
  new (request?: null, url?: string, options?: driver.Options | null): driver.Driver
  readonly VERSION: '13'
  /** The `Sec-WebSocket-Accept` for a key. */
  generateAccept (key: string): string
}
