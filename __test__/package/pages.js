'use strict'

// README.md and docs/*.md. A code block that is a file of its own has its name in a comment before it:
//
//   <!-- file: server.js -->
//   ```js
//   …
//   ```

const fs = require('node:fs')
const path = require('node:path')

const { home } = require('../../scripts/home')
const { slug } = require('../../scripts/slug')

const ROOT = path.resolve(__dirname, '../..')
/** What links to files of the repository begin with: those that the package does not have. */
const FILES = `${home()}/blob/HEAD/`
const BLOCK = /^(?:<!-- file: (\S+) -->\n+)?```(\w+)\n(.*?)^```$/gms
const HEADING = /^#+ (.*)$/gm
const LINK = /\]\(([^)\s]+)\)/g

/** The pages that users read, the README first: paths in a checkout or an installed package. */
function userPages () {
  const docs = fs.readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).sort()
  return ['README.md', ...docs.map((name) => `docs/${name}`)]
}

/** `{ page, file, language, text }` of each code block; `file` is undefined where none is named. */
function codeBlocks () {
  return userPages().flatMap((page) => [...read(ROOT, page).matchAll(BLOCK)].map(([, file, language, text]) =>
    ({ page, file, language, text })))
}

/** The text of the block that is marked as this file. */
function fileBlock (name) {
  const blocks = codeBlocks().filter(({ file }) => file === name)
  if (blocks.length !== 1) {
    throw new Error(`README.md and docs/ have ${blocks.length} code blocks marked <!-- file: ${name} -->, not one`)
  }
  return blocks[0].text
}

/**
 * What is wrong with the links of a page to files of `root` and to headings in them, a line each. Links to the
 * repository lead to files of this checkout.
 */
function deadLinks (root, page) {
  return [...read(root, page).replace(BLOCK, '').matchAll(LINK)].flatMap(([, target]) => {
    if (target.startsWith(FILES)) return deadLink(ROOT, 'README.md', target.slice(FILES.length))
    return /^[a-z]+:/.test(target) ? [] : deadLink(root, page, target)
  })
}

function deadLink (root, page, target) {
  const [relative, anchor] = target.split('#')
  const file = relative === '' ? page : path.posix.join(path.posix.dirname(page), relative)
  if (file.startsWith('..') || !fs.existsSync(path.join(root, file))) return [`${page}: there is no ${file}`]
  if (anchor === undefined || anchors(read(root, file)).has(anchor)) return []
  return [`${page}: ${file} has no heading #${anchor}`]
}

function anchors (text) {
  return new Set([...text.replace(BLOCK, '').matchAll(HEADING)].map(([, heading]) => slug(heading)))
}

function read (root, page) {
  return fs.readFileSync(path.join(root, page), 'utf8')
}

module.exports = { userPages, codeBlocks, fileBlock, deadLinks }
