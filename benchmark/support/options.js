'use strict'

// Command lines of the benchmarks.

const { Failure } = require('../../scripts/support')

/**
 * @param {Record<string, boolean | number | string | string[]>} defaults the default of each option, which sets its
 * type. The value of a list is comma-separated. The key `noBuild` is the option --no-build.
 */
function parse (args, defaults, usage) {
  const options = { ...defaults }
  for (let i = 0; i < args.length; i++) {
    const [flag, inline] = args[i].split(/=(.*)/s)
    const key = flag.replace(/^--/, '').replace(/-(.)/g, (_, letter) => letter.toUpperCase())
    if (!flag.startsWith('--') || !Object.hasOwn(defaults, key)) fail(`Unknown option: ${args[i]}`, usage)
    if (typeof defaults[key] === 'boolean') {
      options[key] = true
      continue
    }
    const value = inline ?? args[++i]
    if (!value) fail(`${flag} requires a value.`, usage)
    options[key] = convert(value, defaults[key], flag, usage)
  }
  return options
}

function convert (value, example, flag, usage) {
  if (Array.isArray(example)) return value.split(',')
  if (typeof example === 'string') return value
  const number = Number(value)
  if (!(number > 0)) fail(`${flag}: ${value} is not a number above 0`, usage)
  return number
}

/** Returns the members of `all` with these names, in the order of `all`; all of them if there are no names. */
function choose (all, names, what) {
  const known = all.map(({ name }) => name)
  for (const name of names) {
    if (!known.includes(name)) throw new Failure(`Unknown ${what}: ${name}. Known: ${known.join(', ')}`)
  }
  return all.filter(({ name }) => names.length === 0 || names.includes(name))
}

function fail (message, usage) {
  throw new Failure(`${message}\n\n${usage}`, 2)
}

module.exports = { parse, choose }
