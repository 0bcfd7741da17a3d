'use strict'

// Runs its program in a vm context, with other globals, so that the package gets values of another realm.

const fs = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')
const vm = require('node:vm')

const [, , program] = process.argv
const { Buffer, clearInterval, clearTimeout, console, process: shared, setInterval, setTimeout } = globalThis
const globals = { Buffer, clearInterval, clearTimeout, console, process: shared, setInterval, setTimeout }
const wrapper = `(function (require, __dirname) {${fs.readFileSync(program, 'utf8')}\n})`
const run = vm.runInContext(wrapper, vm.createContext(globals), { filename: program })
run(createRequire(program), path.dirname(program))
