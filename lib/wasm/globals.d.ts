/** As every runtime has it that is supported. @types/node leaves it to the types of browsers. */
declare namespace WebAssembly {
  class Module {
    constructor (bytes: Uint8Array)
  }
  class Instance {
    constructor (module: Module, imports: Record<string, Record<string, (...args: number[]) => void>>)
    exports: any
  }
}
