import driver = require('../../index.js')

/** The streams of a driver: bytes, and messages. */
export const IO: { new (driver: object): driver.IO }
export const Messages: { new (driver: object): driver.Messages }
