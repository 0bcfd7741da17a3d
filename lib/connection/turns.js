// @ts-check
'use strict'

const { setImmediate } = require('../scheduling')

/**
 * The connection whose work is done.
 *
 * @typedef {object} Host
 * @property {import('./seam').Transport | null} transport
 * @property {() => void} workOn does one slice of the work, and delivers what waits for its turn
 */

/**
 * Work of a connection in later turns of the event loop: a slice in each, so that timers and other connections have
 * their turns between. Nothing is read meanwhile.
 */
class Turns {
  #host
  /** Work is left for the next turn. */
  isBusy = false

  /** @param {Host} host */
  constructor (host) {
    this.#host = host
  }

  /** Goes on in the next turn. */
  continueLater () {
    const { transport } = this.#host
    if (this.isBusy || transport === null) return
    this.isBusy = true
    transport.stopReading('work')
    setImmediate(() => this.#continue())
  }

  #continue () {
    const { transport } = this.#host
    if (transport === null) {
      this.isBusy = false
      return
    }
    try {
      transport.enter(() => {
        this.isBusy = false
        this.#host.workOn()
      })
    } finally {
      if (!this.isBusy) transport.startReading('work')
      transport.notifySender()
    }
  }
}

module.exports = { Turns }
