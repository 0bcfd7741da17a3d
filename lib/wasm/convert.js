// @ts-check
'use strict'

const { Buffer } = require('node:buffer')
const { isUint8Array } = require('node:util').types
const { exception } = require('./values')

/**
 * Converts values of programs to arguments of functions. Throws the same errors as napi-rs does in the addon, because
 * tests and programs see them.
 *
 * @typedef {import('./values').Argument} Argument
 */

/**
 * `place` is the end of the error message. For a field, it names the type of the object and the field.
 *
 * @template {import('./values').Argument} [T=import('./values').Argument]
 * @typedef {(value: any, place?: string) => T} Conversion
 */

/** @type {Conversion<string>} */
function string (value, place = '') {
  if (typeof value === 'string') return value
  throw failed('StringExpected', noString(value) + place)
}

/** @type {Conversion<boolean>} */
function boolean (value, place = '') {
  if (typeof value === 'boolean') return value
  throw failed('BooleanExpected', `Failed to convert napi value into rust type \`bool\`${place}`)
}

/** @type {Conversion<number>} */
function number (value, place) {
  return numeric(value, 'f64', place)
}

/**
 * Converts a number to a signed integer of 32 bits.
 *
 * @type {Conversion<number>}
 */
function signed (value, place) {
  return numeric(value, 'i32', place) | 0
}

/**
 * Converts a number to an integer below 256.
 *
 * @type {Conversion<number>}
 */
function byte (value, place) {
  return unsigned(value, 'u8', 0xff, place)
}

/**
 * @param {any} value
 * @param {string} type
 * @param {string} [place]
 * @returns {number}
 */
function numeric (value, type, place = '') {
  if (typeof value === 'number') return value
  throw failed('NumberExpected', `Failed to convert napi value ${typeOf(value)} into rust type \`${type}\`${place}`)
}

/**
 * @param {any} value
 * @param {string} type
 * @param {number} most
 * @param {string} [place]
 */
function unsigned (value, type, most, place = '') {
  const whole = numeric(value, type, place) >>> 0
  if (whole <= most) return whole
  throw failed('GenericFailure', `Failed to convert u32 to ${type}${place}`)
}

/** @type {Conversion<Uint8Array>} */
function bytes (value) {
  if (isUint8Array(value)) return value
  throw failed('InvalidArg', 'Expected a Uint8Array')
}

/**
 * Returns a conversion that maps undefined and null to null.
 *
 * @template {Argument} T
 * @param {Conversion<T>} convert
 * @returns {Conversion<T | null>}
 */
function optional (convert) {
  return (value, place) => value === undefined || value === null ? null : convert(value, place)
}

/**
 * @param {Conversion} convert
 * @returns {Conversion<Argument[]>}
 */
function array (convert) {
  return (value, place) => {
    if (!Array.isArray(value)) throw failed('ArrayExpected', 'Failed to get Array length')
    return value.map((item) => convert(item, place))
  }
}

/**
 * Returns a conversion to the first of these types that fits.
 *
 * @param {Array<[string, Conversion]>} types with their names in the error message
 * @returns {Conversion}
 */
function oneOf (types) {
  const names = types.map(([name]) => `\`${name}\`, `).join('')
  return (value, place = '') => {
    for (const [, convert] of types) {
      try {
        return convert(value)
      } catch {
        // Tries the next type.
      }
    }
    throw failed('InvalidArg', `Value is none of these types ${names}${place}`)
  }
}

/**
 * @param {string} type
 * @param {string[]} variants
 * @returns {Conversion<string>}
 */
function enumeration (type, variants) {
  return (value, place = '') => {
    if (typeof value !== 'string') {
      throw failed('StringExpected', `Failed to convert napi value into enum \`${type}\`. StringExpected, ` +
        noString(value) + place)
    }
    if (variants.includes(value)) return value
    const shown = JSON.stringify(Buffer.from(value).toString())
    throw failed('InvalidArg', `value \`${shown}\` does not match any variant of enum \`${type}\`${place}`)
  }
}

/**
 * Returns a conversion of an object to a list of its fields. A missing field becomes null, or throws if fields are
 * required.
 *
 * @param {string} type
 * @param {Record<string, Conversion>} fields in the order of the function's arguments
 * @param {boolean} areNeeded
 */
function struct (type, fields, areNeeded) {
  const all = Object.entries(fields)
  return (/** @type {any} */ value) => all.map(([name, convert]) => {
    if (value === undefined || value === null) throw new TypeError('Cannot convert undefined or null to object')
    const field = value[name]
    if (field !== undefined) return convert(field, ` on ${type}.${name}`)
    if (areNeeded) throw failed('InvalidArg', `Missing field \`${name}\``)
    return null
  })
}

/**
 * Returns an error like those of napi-rs.
 *
 * @param {string} code
 * @param {string} message
 */
function failed (code, message) {
  return exception(Error, code, message)
}

/** @param {any} value */
function noString (value) {
  return `Failed to convert JavaScript value \`${shown(value)}\` into rust type \`String\``
}

/** @param {any} value */
function shown (value) {
  switch (typeof value) {
    case 'function': return `function ${value.name || 'anonymous'}(..) `
    case 'boolean':
    case 'number': return `${typeOf(value)} ${value} `
    case 'object': if (value !== null) return `Object ${JSON.stringify(value)}`
  }
  return typeOf(value)
}

/** Returns the name of a type in napi-rs, which does not know BigInt. */
function typeOf (/** @type {any} */ value) {
  if (value === null) return 'Null'
  const type = typeof value
  return type === 'bigint' ? 'Unknown' : type[0].toUpperCase() + type.slice(1)
}

module.exports = {
  array, boolean, byte, bytes, enumeration, failed, number, oneOf, optional, signed, string, struct, unsigned
}
