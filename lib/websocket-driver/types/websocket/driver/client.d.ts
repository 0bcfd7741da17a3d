import driver = require('../../../index.js')

export = Client

declare const Client: {
  new (url: string | { readonly href: string }, options?: driver.Options | null): driver.Client
  /** Returns a random value for `Sec-WebSocket-Key`. */
  generateKey (): string
}
