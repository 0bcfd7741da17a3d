// @ts-check
'use strict'

const { setImmediate } = require('../scheduling')

/**
 * @typedef {object} Host a connection
 * @property {import('./seam').Transport | null} transport
 * @property {() => void} workOn does one slice of the work, and delivers the messages that were left for a later turn
 */

/**
 * Does the work of a connection in later turns of the event loop. Each turn does one slice, so that timers and other
 * connections run in between. The connection does not read until the work is complete.
 */
class Turns {
  #host
  /** Whether work remains for the next turn. */
  isBusy = false

  /** @param {Host} host */
  constructor (host) {
    this.#host = host
  }

  /** Schedules the work for the next turn. */
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
