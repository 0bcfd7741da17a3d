export = absent

/** @deprecated Has no counterpart in this package. Using it throws an Error that names the alternative. */
declare class absent {
  private constructor ()
}
