/** The compiled module, in base64. The file is made by `npm run build:wasm`. */
declare const module: string
export = module
