export = Headers

/** Header lines in the order in which they were set. */
declare class Headers {
  /** Names, in lower case, that may occur several times. Of the others the first value counts. */
  ALLOWED_DUPLICATES: string[]

  /**
   * @param value Undefined sets nothing.
   * @throws Error for a name or a value with CR, LF or NUL.
   */
  set (name: string, value: string | number | boolean | undefined): void

  clear (): void

  /** The lines, each with its CRLF. */
  toString (): string
}
