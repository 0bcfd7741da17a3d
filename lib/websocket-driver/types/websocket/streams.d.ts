import driver = require('../../index.js')

/** The wire of a driver, and what travels over it. */
export const IO: { new (driver: object): driver.IO }
export const Messages: { new (driver: object): driver.Messages }
