import driver = require('../../../index.js')

export = Proxy

declare const Proxy: {
  /** Returns a stream that requests a tunnel to the server of a client's driver. */
  new (client: { readonly url: string | { readonly href: string } }, origin: string): driver.Proxy
}
