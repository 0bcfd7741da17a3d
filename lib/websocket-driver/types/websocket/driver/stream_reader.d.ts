export = absent

/** @deprecated Has no counterpart in this package: it throws an Error that says what to use instead. */
declare class absent {
  private constructor ()
}
