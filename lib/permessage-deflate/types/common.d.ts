/** @deprecated Has no counterpart in this package. Using it throws an Error that names the alternative. */
export function fetch (): never

/** @deprecated See `fetch`. */
export function validateOptions (): never

/** @deprecated See `fetch`. */
export function validParams (): never
