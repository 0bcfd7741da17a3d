/** @deprecated Has no counterpart in this package: it throws an Error that says what to use instead. */
export function fetch (): never

/** @deprecated As `fetch`. */
export function validateOptions (): never

/** @deprecated As `fetch`. */
export function validParams (): never
