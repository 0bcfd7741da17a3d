'use strict'

// ES modules export all names that the types declare, with the values of `require`.

const test = require('node:test')
const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const ts = require('typescript')

const { ROOT } = require('../package/process')
const manifest = require('../../package.json')

/** The names of values in the declarations, by path. */
const typed = namesByPath(Object.entries(manifest.exports).filter(([, target]) => target.types).flatMap(expand))

for (const [subpath, { file, names }] of typed) {
  test(`an ES module imports all typed names of ${subpath}, with the values of require`, async () => {
    const [namespace, required] = [await import(pathToFileURL(file)), require(file)]
    assert.equal(namespace.default, required)
    assert.deepEqual(names.filter((name) => !(name in namespace)), [])
    for (const name of Object.keys(namespace).filter((name) => name !== 'default' && name !== 'module.exports')) {
      assert.equal(namespace[name], required[name], name)
    }
  })
}

test('the class is its own `default`, which compiled imports use', () => {
  const WebSocket = require('../..')
  assert.equal(WebSocket.default, WebSocket)
  assert.equal(WebSocket.WebSocket, WebSocket)
})

/** Expands a pattern of `exports` to its files. */
function expand ([subpath, target]) {
  const [folder, ending] = target.types.split('*')
  if (ending === undefined) return [[subpath, target]]
  const walk = (prefix) => fs.readdirSync(path.join(ROOT, folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    const name = prefix + entry.name
    if (entry.isDirectory()) return walk(name + '/')
    const stem = name.slice(0, -ending.length)
    return [[subpath.replace('*', stem), { types: folder + name, default: target.default.replace('*', stem) }]]
  })
  return walk('')
}

/**
 * @param {Array<[string, { types: string, default: string }]>} entries of `exports`
 * @returns {Map<string, { file: string, names: string[] }>}
 */
function namesByPath (entries) {
  const files = entries.map(([, { types }]) => path.join(ROOT, types))
  const program = ts.createProgram([...new Set(files)], { module: ts.ModuleKind.NodeNext, types: [], noEmit: true })
  const checker = program.getTypeChecker()
  return new Map(entries.map(([subpath, target], index) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(files[index]))
    const names = importable(checker, module, subpath.startsWith('./websocket/lib/'))
    return [subpath, { file: path.join(ROOT, target.default), names }]
  }))
}

function importable (checker, module, isClass) {
  const whole = module.exports.get('export=')
  if (!whole) {
    return namesOf(checker.getExportsOfModule(module).filter((symbol) => isValue(checker, symbol)))
  }
  const type = checker.getTypeOfSymbol(target(checker, whole))
  // A string has no names to import.
  if (type.flags & ts.TypeFlags.StringLike) return []
  return namesOf(checker.getPropertiesOfType(type).filter((symbol) => !isClass || !isNodes(symbol)))
}

function namesOf (symbols) {
  return symbols.map(({ name }) => name).filter((name) => name !== 'prototype')
}

/** Returns whether a name is a static of EventEmitter, which @types/websocket declares for the classes. */
function isNodes ({ declarations = [] }) {
  const files = declarations.map((node) => node.getSourceFile().fileName)
  return files.length > 0 && files.every((file) => file.includes('/@types/node/'))
}

function isValue (checker, symbol) {
  return (target(checker, symbol).flags & ts.SymbolFlags.Value) !== 0
}

function target (checker, symbol) {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}
