'use strict'

// A part of `npm run check`: no module requires itself through others, no room of lib/ requires a room above it, and no
// crate requires a crate above it. Reads `require` of our own files, `use`, paths that begin with `crate` or `super`,
// and Cargo.toml.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure, main } = require('./support')

/** The rooms of lib/, from above. A room may require itself and rooms on lower floors. */
const FLOORS = [
  ['index.js'],
  ['lib/faye', 'lib/https', 'lib/websocket'],
  ['lib/websocket-driver'],
  ['lib/connection', 'lib/transport'],
  ['lib/http', 'lib/permessage-deflate'],
  ['lib'],
  ['lib/addon', 'lib/wasm']
]
/** The crates, from above. */
const FLOORS_OF_CRATES = [
  ['.', 'crates/wasm'],
  ['crates/engine', 'crates/proto-testing', 'crates/tls-testing'],
  ['crates/proto', 'crates/tls']
]
const CRATES = ['.', ...fs.readdirSync(path.join(ROOT, 'crates')).map((name) => `crates/${name}`)]

main(() => {
  const scripts = ['index.js', ...filesIn('lib', '.js')].map((file) => ({ file, targets: requiredBy(file) }))
  const complaints = [
    ...scripts.flatMap(({ file, targets }) => targets.flatMap((target) => arrowUp(file, target))),
    ...circlesOf(new Map(scripts.map(({ file, targets }) => [file, targets]))),
    ...CRATES.flatMap(cratesAbove),
    ...CRATES.flatMap((crate) => circlesOfCrate(path.posix.join(crate, 'src')))
  ]
  if (complaints.length > 0) throw new Failure(complaints.join('\n'))
})

function arrowUp (file, target) {
  const [from, to] = [file, target].map(roomOf)
  if (from === to || floorOf(FLOORS, from) < floorOf(FLOORS, to)) return []
  return [`${file} requires ${target}: ${to} is not below ${from}`]
}

/** Returns complaints about the dependencies of a crate, except dependencies of its tests. */
function cratesAbove (crate) {
  const [code] = read(path.posix.join(crate, 'Cargo.toml')).split('[dev-dependencies]')
  const required = [...code.matchAll(/\bpath = "([^"]+)"/g)].map(([, target]) => path.posix.join(crate, target))
  const above = required.filter((target) => {
    return floorOf(FLOORS_OF_CRATES, crate) >= floorOf(FLOORS_OF_CRATES, target)
  })
  return above.map((target) => `${crate} requires ${target}, which is not below it`)
}

function roomOf (file) {
  return file.startsWith('lib/') ? path.posix.dirname(file).split('/').slice(0, 2).join('/') : file
}

function floorOf (floors, room) {
  const floor = floors.findIndex((rooms) => rooms.includes(room))
  if (floor < 0) throw new Failure(`${room} has no floor in scripts/imports.js`)
  return floor
}

function requiredBy (file) {
  return [...read(file).matchAll(/\brequire\('(\.[^']*(?<!\.node))'\)/g)].map(([, name]) => {
    const target = path.posix.join(path.posix.dirname(file), name)
    return [target, target + '.js', target + '/index.js'].find(isFile) ?? target + '.js'
  })
}

/**
 * Returns the circles of a crate. A module and the modules in it may use each other. A circle exists if sibling
 * modules, or the modules in them, use each other.
 */
function circlesOfCrate (root) {
  const files = filesIn(root, '.rs').filter((file) => path.posix.basename(file) !== 'build.rs')
  const modules = new Map(files.map((file) => [moduleOf(file.slice(root.length + 1)), file]))
  const levels = new Map()
  for (const [from, file] of modules) {
    for (const used of usedBy(from, read(file))) {
      const to = longestPrefix(used, modules)
      const [a, b] = [from.split('/'), to.split('/')]
      const depth = a.findIndex((name, index) => name !== b[index])
      // One module contains the other.
      if (to === '' || depth < 0 || depth >= b.length) continue
      const level = [root, ...a.slice(0, depth)].join('/')
      const edges = levels.get(level) ?? levels.set(level, new Map()).get(level)
      const targets = edges.get(a[depth]) ?? edges.set(a[depth], new Set()).get(a[depth])
      targets.add(b[depth])
    }
  }
  return [...levels].flatMap(([level, edges]) => circlesOf(edges).map((circle) => `${level}: ${circle}`))
}

function moduleOf (file) {
  const name = file.slice(0, -'.rs'.length)
  return name === 'lib' ? '' : name.replace(/\/mod$/, '')
}

function longestPrefix (names, modules) {
  for (let length = names.length; length > 0; length--) {
    const name = names.slice(0, length).join('/')
    if (modules.has(name)) return name
  }
  return ''
}

/** Returns the paths that a module uses, from the crate's root. Skips its tests, which may use any path. */
function usedBy (module, text) {
  const code = text.replace(/\/\/.*$/gm, '').replace(/#\[cfg\(test\)\]\s*mod \w+ \{[^]*$/, '')
  const paths = [...code.matchAll(/\b(crate|super)\b(?=::)/g)].flatMap(({ index }) => treeAt(code, index).paths)
  return paths.map((names) => {
    const above = names.filter((name) => name === 'super').length
    const base = above > 0 ? module.split('/').slice(0, -above) : []
    return [...base, ...names.filter((name) => !['crate', 'super', 'self'].includes(name))]
  })
}

/** Reads `a::b` or `a::{b, c::{d, e}}`. Returns its paths, and its end. */
function treeAt (code, start) {
  const [name] = /^\w+/.exec(code.slice(start)) ?? ['']
  let at = start + name.length
  if (!code.startsWith('::', at)) return { paths: name === '' ? [] : [[name]], at }
  at += 2
  if (code[at] !== '{') {
    const rest = treeAt(code, at)
    return { paths: rest.paths.length === 0 ? [[name]] : rest.paths.map((names) => [name, ...names]), at: rest.at }
  }
  const paths = []
  for (at++; at < code.length && code[at] !== '}';) {
    if (/\W/.test(code[at])) {
      at++
      continue
    }
    const branch = treeAt(code, at)
    paths.push(...branch.paths.map((names) => [name, ...names]))
    at = branch.at
  }
  return { paths, at: at + 1 }
}

/** Returns the circles of a graph: sets of nodes that all lead to each other (Tarjan). */
function circlesOf (edges) {
  const circles = []
  const stack = []
  const order = new Map()
  const lowest = new Map()
  const visit = (node) => {
    order.set(node, order.size)
    lowest.set(node, order.get(node))
    stack.push(node)
    for (const next of edges.get(node) ?? []) {
      if (!order.has(next)) visit(next)
      if (stack.includes(next)) lowest.set(node, Math.min(lowest.get(node), lowest.get(next)))
    }
    if (lowest.get(node) !== order.get(node)) return
    const circle = stack.splice(stack.indexOf(node))
    if (circle.length > 1) circles.push(`${circle.sort().join(', ')} require each other`)
  }
  for (const node of edges.keys()) if (!order.has(node)) visit(node)
  return circles
}

function filesIn (folder, extension) {
  const entries = fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true })
  return entries.flatMap((entry) => {
    const name = `${folder}/${entry.name}`
    if (entry.isDirectory()) return filesIn(name, extension)
    return name.endsWith(extension) ? [name] : []
  })
}

function isFile (file) {
  return fs.statSync(path.join(ROOT, file), { throwIfNoEntry: false })?.isFile() ?? false
}

function read (file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8')
}
