export = Headers

/** Header lines, in the order in which they were set. */
declare class Headers {
  /** Names, in lower case, that may occur several times. For other names, only the first value counts. */
  ALLOWED_DUPLICATES: string[]

  /**
   * Adds a header line.
   *
   * @param value `undefined` adds no line.
   * @throws Error if name or value contains CR, LF or NUL.
   */
  set (name: string, value: string | number | boolean | undefined): void

  clear (): void

  /** Returns the lines, each with CRLF. */
  toString (): string
}
