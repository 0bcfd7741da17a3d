'use strict'

// The turns of the compared programs, the combination of their figures, and the command line of a load.

/**
 * Measures each member once in every round, one after the other. Every round begins with another member.
 *
 * @template {{ name: string }} T
 * @template R
 * @param {T[]} list
 * @param {number} rounds
 * @param {(one: T) => Promise<R>} measure
 * @param {(records: R[]) => R} toFigures combines the records of all rounds
 * @returns {Promise<{ figures: Record<string, R>, rounds: Record<string, R[]> }>} both by name
 */
async function inTurn (list, rounds, measure, toFigures) {
  const results = Object.fromEntries(list.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const first = round % list.length
    for (const one of [...list.slice(first), ...list.slice(0, first)]) results[one.name].push(await measure(one))
  }
  const figures = Object.entries(results).map(([name, records]) => [name, toFigures(records)])
  return { figures: Object.fromEntries(figures), rounds: results }
}

/** Converts `{ inFlight: 4, binary: true }` to `--in-flight 4 --binary`. */
function toArgs (load) {
  return Object.entries(load).flatMap(([key, value]) => {
    const flag = '--' + key.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase())
    return value === true ? [flag] : [flag, String(value)]
  })
}

module.exports = { inTurn, toArgs }
