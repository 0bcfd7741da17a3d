// The static site of docs/: `npm run docs` builds it into target/site. The npm package does not contain it.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitepress'

const require = createRequire(import.meta.url)
const { home } = require('../../scripts/home.js')
const { slug } = require('../../scripts/markdown.js')

/** An entry of a list or a table that begins with a link to a page. */
const PAGE = /^(?:- |\| )\[([^\]]+)\]\(([\w-]+)\.md\)/gm
const DOCS = fileURLToPath(new URL('..', import.meta.url))
const { version } = JSON.parse(readFileSync(path.join(DOCS, '../package.json'), 'utf8'))

/** The path of the site on its host, such as `/faye-websocket-rs/` on GitHub Pages. */
const BASE = process.env.DOCS_BASE ?? '/'

/** The first screen of index.md. GitHub shows front matter as a table, so the page itself has none. */
const HOME = {
  layout: 'home',
  hero: {
    name: 'faye-websocket-rs',
    text: 'WebSockets for Node, in Rust',
    tagline: 'A drop-in replacement for faye-websocket, websocket-driver, permessage-deflate and websocket',
    actions: [
      { text: 'Install', link: '/installation', theme: 'brand' },
      { text: 'Serve a chat', link: '/serve', theme: 'alt' },
      { text: 'Migrate', link: '/migrate', theme: 'alt' },
      { text: 'Repository', link: home(), theme: 'alt' }
    ]
  }
}

export default defineConfig({
  title: 'faye-websocket-rs',
  description: 'WebSocket server, client and EventSource for Node, with the protocol implemented in Rust',
  lang: 'en-GB',
  base: BASE,
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: `${BASE}favicon.svg` }]],
  outDir: path.join(DOCS, '../target/site'),
  cacheDir: path.join(DOCS, '../target/site-cache'),
  buildEnd: ({ outDir }) => console.log(`The site is in ${outDir}. To view it: npm run docs:preview`),
  cleanUrls: false,
  markdown: { anchor: { slugify: slug }, config: extendMarkdown },
  transformPageData: ({ relativePath }) => relativePath === 'index.md' ? { frontmatter: HOME } : undefined,
  themeConfig: {
    search: { provider: 'local' },
    nav: [{ text: version, link: `${home()}/blob/HEAD/CHANGELOG.md` }],
    sidebar: groups(),
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: home() }]
  }
})

/** The groups of the sidebar: the headings of index.md with the pages that their lists link to. */
function groups () {
  const [, ...sections] = readFileSync(path.join(DOCS, 'index.md'), 'utf8').split(/^## /m)
  return sections.map((section) => ({
    text: section.slice(0, section.indexOf('\n')),
    items: [...section.matchAll(PAGE)].map(([, text, page]) => ({ text, link: `/${page}` }))
  })).filter(({ items }) => items.length > 0)
}

function extendMarkdown (markdown) {
  markdown.core.ruler.push('link-to-repository', ({ tokens }) => linkToRepository(tokens))
  markdown.core.ruler.push('name-columns', ({ tokens }) => nameColumns(tokens))
}

/** Files outside of docs/ are not on the site: links to them lead to the repository. */
function linkToRepository (tokens) {
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    const target = token.type === 'link_open' && token.attrGet('href')
    if (!target || !target.startsWith('../')) continue
    token.attrSet('href', `${home()}/blob/HEAD/${path.posix.normalize(`docs/${target}`)}`)
  }
}

/** Gives each cell the name of its column, which theme/tables.css shows on phones. */
function nameColumns (tokens) {
  let columns = []
  let column = 0
  tokens.forEach((token, index) => {
    if (token.type === 'thead_open') columns = []
    if (token.type === 'tr_open') column = 0
    if (token.type === 'th_open') columns.push(plain(tokens[index + 1]))
    if (token.type === 'td_open') token.attrSet('data-column', columns[column++] ?? '')
  })
}

function plain ({ children }) {
  return children.map(({ content }) => content).join('')
}
