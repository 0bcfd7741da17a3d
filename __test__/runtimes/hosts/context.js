'use strict'

// Runs the program that it is given in a vm context: its own globals, and values of another realm for the package.

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
