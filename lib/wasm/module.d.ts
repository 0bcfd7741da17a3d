/** The compiled module, in base64. `npm run build:wasm` creates the file. */
declare const module: string
export = module
