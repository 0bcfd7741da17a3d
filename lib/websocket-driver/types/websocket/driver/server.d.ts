import driver = require('../../../index.js')

export = Server

declare const Server: {
  new (options?: driver.Options | null): driver.Server
  readonly http: typeof driver.http
  readonly isSecureRequest: typeof driver.isSecureRequest
  /** Returns the URL of a request, `ws:` or `wss:`. */
  determineUrl (request: driver.Request): string
}
