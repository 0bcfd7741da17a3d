'use strict'

// Parses README.md and docs/*.md. A comment before a code block names the file that the block contains:
//
//   <!-- file: server.js -->
//   ```js
//   …
//   ```

const fs = require('node:fs')
const path = require('node:path')

const { home } = require('../../scripts/home')
const { slug } = require('../../scripts/markdown')

const ROOT = path.resolve(__dirname, '../..')
/** The beginning of links to files of the repository that are not in the package. */
const FILES = `${home()}/blob/HEAD/`
const BLOCK = /^(?:<!-- file: (\S+) -->\n+)?```(\w+)\n(.*?)^```$/gms
const HEADING = /^#+ (.*)$/gm
const LINK = /\]\(([^)\s]+)\)/g

/** Returns the paths of the pages for users, README.md first. */
function userPages () {
  const docs = fs.readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).sort()
  return ['README.md', ...docs.map((name) => `docs/${name}`)]
}

/** Returns `{ page, file, language, text }` of each code block. `file` is undefined without a name. */
function codeBlocks () {
  return userPages().flatMap((page) => [...read(ROOT, page).matchAll(BLOCK)].map(([, file, language, text]) =>
    ({ page, file, language, text })))
}

/** Returns the text of the code block of a file. */
function fileBlock (name) {
  const blocks = codeBlocks().filter(({ file }) => file === name)
  if (blocks.length !== 1) {
    throw new Error(`README.md and docs/ have ${blocks.length} code blocks marked <!-- file: ${name} -->, not one`)
  }
  return blocks[0].text
}

/**
 * Returns a line for each dead link of a page to a file of `root` or to a heading in it. Links to the repository are
 * checked in this checkout.
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
