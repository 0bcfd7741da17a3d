'use strict'

// The code blocks of README.md. A block that is a file of its own has its name in a comment before it:
//
//   <!-- file: server.js -->
//   ```js
//   …
//   ```

const fs = require('node:fs')
const path = require('node:path')

const README = path.resolve(__dirname, '../../README.md')
const BLOCK = /^(?:<!-- file: (\S+) -->\n+)?```(\w+)\n(.*?)^```$/gms

/** `{ file, language, text }` of each code block; `file` is undefined where none is named. */
function codeBlocks () {
  const readme = fs.readFileSync(README, 'utf8')
  return [...readme.matchAll(BLOCK)].map(([, file, language, text]) => ({ file, language, text }))
}

/** The text of the block that is marked as this file. */
function fileBlock (name) {
  const block = codeBlocks().find(({ file }) => file === name)
  if (!block) throw new Error(`README.md has no code block marked <!-- file: ${name} -->`)
  return block.text
}

module.exports = { codeBlocks, fileBlock }
