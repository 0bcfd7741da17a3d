'use strict'

// The packages in npm/aliases. They replace websocket-driver, websocket and permessage-deflate in the dependencies of
// other packages. `node scripts/aliases.js` writes them, as `npm run generate` does. `--check`, a part of `npm run
// check`, reports differences. A package has a file for each file of the original, at the same path, with the exports
// that this package has for that path. It has no `exports`, because the originals have none, so each path works with
// and without `.js`.

const fs = require('node:fs')
const path = require('node:path')
const { ROOT, Failure, main } = require('./support')

const manifest = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'))

const FOLDER = 'npm/aliases'
/** The fields that the package.json of an alias copies from ours. */
const SHARED = ['version', 'license', 'author', 'repository', 'homepage', 'bugs', 'type', 'sideEffects', 'engines']

const ALIASES = [
  { original: 'websocket-driver', version: '0.8.0', main: './lib/websocket/driver.js' },
  { original: 'permessage-deflate', version: '0.1.7', main: './lib/permessage_deflate.js' },
  {
    original: 'websocket',
    version: '1.0.35',
    main: './index.js',
    fields: { browser: './lib/browser.js' },
    also: { 'index.js': '' }
  }
]

/** @returns {Map<string, string>} the contents of all files of all aliases, by path */
function aliasFiles () {
  return new Map(ALIASES.flatMap((alias) => {
    const folder = `${FOLDER}/${alias.original}`
    const exported = new Map([...Object.entries(alias.also ?? {}), ...subpathsOf(alias.original)])
    const modules = [...exported].flatMap(([file, subpath]) => {
      const target = [manifest.name, alias.original, subpath].filter(Boolean).join('/')
      return [
        [`${folder}/${file}`, `'use strict'\n\nmodule.exports = require('${target}')\n`],
        [`${folder}/${file.replace(/\.js$/, '.d.ts')}`, `import original = require('${target}')\n\nexport = original\n`]
      ]
    })
    return [
      ...modules,
      [`${folder}/package.json`, JSON.stringify(packageOf(alias, [...exported.keys()]), null, 2) + '\n'],
      [`${folder}/README.md`, readmeOf(alias)],
      [`${folder}/LICENSE`, fs.readFileSync(path.join(ROOT, 'LICENSE'), 'utf8')]
    ]
  }))
}

/**
 * The files of an original, each with its subpath in our `exports`.
 *
 * @param {string} original
 */
function subpathsOf (original) {
  const prefix = `./${original}/`
  return Object.entries(manifest.exports).flatMap(([key, target]) => {
    if (!key.startsWith(prefix) || !key.endsWith('.js')) return []
    const file = key.slice(prefix.length)
    if (!file.includes('*')) return [[file, file.slice(0, -'.js'.length)]]
    const [folder] = path.posix.normalize(target.default).split('/*')
    return filesIn(folder).map((name) => file.replace('*.js', name)).map((name) => [name, name.slice(0, -'.js'.length)])
  })
}

function packageOf ({ original, version, main, fields = {} }, files) {
  return {
    name: `@${manifest.name}/${original}`,
    ...Object.fromEntries(SHARED.filter((name) => name in manifest).map((name) => [name, manifest[name]])),
    description: `${original} ${version} by ${manifest.name}, for the dependencies of other packages`,
    main,
    types: main.replace(/\.js$/, '.d.ts'),
    ...fields,
    files: [...new Set(files.map((file) => file.split('/')[0]))].flatMap((name) => {
      return name.endsWith('.js') ? [name, name.replace(/\.js$/, '.d.ts')] : [name]
    }),
    publishConfig: { access: 'public' },
    dependencies: { [manifest.name]: manifest.version }
  }
}

function readmeOf ({ original, version }) {
  const name = `@${manifest.name}/${original}`
  const installation = `${manifest.homepage.replace(/#.*/, '')}/blob/HEAD/docs/installation.md`
  return `# ${name}

The files of ${original} ${version}, implemented by [${manifest.name}](${manifest.homepage}).
Install this package if a package that you depend on requires ${original}. With npm or Bun, add this to your
\`package.json\` and run \`npm install\` or \`bun install\`:

\`\`\`json
{
  "overrides": {
    "${original}": "npm:${name}@${rangeFor(version)}"
  }
}
\`\`\`

[Installation](${installation}) has the keys
of pnpm and Yarn, the commands that show which package is installed, and the exports of each file. In your own code,
require \`${manifest.name}/${original}\` instead.
`
}

/** Returns a version instead of a range if the range of our versions contains the original's version. */
function rangeFor (version) {
  // The part that a caret fixes.
  const fixed = (/** @type {string} */ full) => full.split('.', full.startsWith('0.') ? 2 : 1).join('.')
  return fixed(version) === fixed(manifest.version) ? manifest.version : `^${manifest.version}`
}

function filesIn (folder) {
  return fs.readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return [entry.name]
    return filesIn(`${folder}/${entry.name}`).map((name) => `${entry.name}/${name}`)
  })
}

function writeAliases () {
  fs.rmSync(path.join(ROOT, FOLDER), { recursive: true, force: true })
  for (const [name, content] of aliasFiles()) {
    fs.mkdirSync(path.dirname(path.join(ROOT, name)), { recursive: true })
    fs.writeFileSync(path.join(ROOT, name), content)
  }
}

function checkAliases () {
  const wanted = aliasFiles()
  const found = fs.existsSync(path.join(ROOT, FOLDER)) ? filesIn(FOLDER).map((name) => `${FOLDER}/${name}`) : []
  const differing = [...new Set([...wanted.keys(), ...found])].filter((name) => {
    const file = path.join(ROOT, name)
    return !fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== wanted.get(name)
  })
  if (differing.length === 0) return
  throw new Failure(`node scripts/aliases.js would change:\n${differing.sort().join('\n')}`)
}

module.exports = { ALIASES, FOLDER, writeAliases }

if (require.main === module) {
  main(([argument]) => {
    if (argument === '--check') checkAliases()
    else if (argument === undefined) writeAliases()
    else throw new Failure(`Unknown argument: ${argument}`)
  })
}
