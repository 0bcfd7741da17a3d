'use strict'

const fs = require('node:fs')
const { createRequire, isBuiltin } = require('node:module')
const path = require('node:path')
const vm = require('node:vm')

/**
 * Loads another copy of the package into a new realm, as jest does. Its code runs in a context with other intrinsics.
 * Node's modules and the addons are those of the process.
 */
function loadInRealm (file) {
  const { setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate } = globalThis
  const context = vm.createContext({
    process, performance, setTimeout, clearTimeout, setInterval, clearInterval, setImmediate, clearImmediate
  })
  const modules = new Map()
  const load = (file) => {
    if (path.extname(file) === '.node') return require(file)
    if (modules.has(file)) return modules.get(file).exports
    const module = { exports: {} }
    modules.set(file, module)
    const source = fs.readFileSync(file, 'utf8')
    if (path.extname(file) === '.json') return (module.exports = vm.runInContext(`(${source})`, context))
    const { resolve } = createRequire(file)
    const requireFrom = (name) => isBuiltin(name) ? require(name) : load(resolve(name))
    requireFrom.resolve = resolve
    const run = vm.runInContext(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, context)
    run.call(module.exports, module.exports, requireFrom, module, file, path.dirname(file))
    return module.exports
  }
  return { context, exports: load(require.resolve(file)) }
}

module.exports = { loadInRealm }
