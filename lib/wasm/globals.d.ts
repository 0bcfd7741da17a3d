/** The part of WebAssembly that this package uses. @types/node does not declare it; only the types of browsers do. */
declare namespace WebAssembly {
  class Module {
    constructor (bytes: Uint8Array)
  }
  class Instance {
    constructor (module: Module, imports: Record<string, Record<string, (...args: number[]) => void>>)
    exports: any
  }
}
