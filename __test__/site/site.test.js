'use strict'

// The site that `npm run docs` builds from docs/: complete, without dead links, and usable in Chromium on a desktop and
// on a phone.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { after, before, describe, test } = require('node:test')

const { findBrowser } = require('../page/browser')
const { userPages } = require('../package/pages')
const { ROOT, run, temporaryFolder } = require('../package/process')
const { serveFolder } = require('./server')

const DESKTOP = { viewport: { width: 1280, height: 900 } }
const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true }
const PATIENCE = 15000
const LINK = /<a [^>]*?href="([^"]+)"/g
const ID = / id="([^"]+)"/g

const { launch, missing } = findBrowser()
const folder = temporaryFolder()
/** The pages of the site, as `/serve.html`. */
const pages = userPages().filter((page) => page !== 'README.md')
  .map((page) => page.replace(/^docs(.*)\.md$/, '$1.html'))

// The generator needs Node 20, and a build takes ten seconds, so one build serves all tests.
describe('the site of docs/', { skip: missing, timeout: 240000 }, () => {
  let browser
  let server

  before(async () => {
    await run('npm', ['run', 'docs', '--', '--outDir', folder], { cwd: ROOT })
    server = await serveFolder(folder)
    browser = await launch()
  })
  after(async () => {
    await browser?.close()
    await server?.close()
  })

  /** Opens a page in a browser profile of its own; `problems` lists what its console shows in red. */
  async function open (t, page, options) {
    const context = await browser.newContext(options)
    t.after(() => context.close())
    const tab = await context.newPage()
    tab.setDefaultTimeout(PATIENCE)
    const problems = []
    const requests = []
    tab.on('console', (message) => { if (message.type() === 'error') problems.push(message.text()) })
    tab.on('pageerror', (error) => problems.push(String(error)))
    tab.on('request', (request) => requests.push(request.url()))
    await tab.goto(server.origin + page, { waitUntil: 'networkidle' })
    return { tab, problems, requests }
  }

  test('each page of docs/ is a page of the site, and the sidebar lists it', () => {
    assert.deepEqual(pages.filter((page) => !fs.existsSync(path.join(folder, page))), [])
    const listed = links('/api.html').map((target) => target.split('#')[0])
    assert.deepEqual(pages.filter((page) => page !== '/index.html' && !listed.includes(page)), [])
  })

  test('links lead to pages and headings that exist', () => {
    const ids = new Map(pages.map((page) => [page, new Set([...html(page).matchAll(ID)].map(([, id]) => decode(id)))]))
    const dead = pages.flatMap((page) => links(page).filter((target) => {
      if (/^[a-z]+:/.test(target)) return false
      const [file, anchor] = target.split('#')
      const other = file === '' ? page : file === '/' ? '/index.html' : file
      const isThere = fs.existsSync(path.join(folder, other))
      return !isThere || (anchor && ids.has(other) && !ids.get(other).has(decodeURIComponent(anchor)))
    }).map((target) => `${page}: ${target}`))
    assert.deepEqual(dead, [])
  })

  for (const [device, options] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    test(`on a ${device} each page fits the width of the screen, and the console shows no error`, async (t) => {
      const { tab, problems } = await open(t, '/index.html', options)
      for (const page of pages) {
        await tab.goto(server.origin + page)
        const [content, screen] = await tab.evaluate('[document.documentElement.scrollWidth, window.innerWidth]')
        assert.ok(content <= screen, `${page} is ${content} pixels wide on a screen of ${screen}`)
        assert.ok(await tab.locator('.vp-doc, .VPHome').first().isVisible(), page)
      }
      await tab.waitForLoadState('networkidle')
      assert.deepEqual(problems, [])
    })

    test(`on a ${device} the search finds an option and leads to its page`, async (t) => {
      const { tab } = await open(t, '/index.html', options)
      await tab.locator('#local-search button').first().click()
      await tab.locator('.VPLocalSearchBox input').fill('handshakeTimeout')
      await tab.locator('.VPLocalSearchBox .result').first().click()
      await tab.waitForFunction("document.querySelector('main').textContent.includes('handshakeTimeout')")
      assert.notEqual(new URL(tab.url()).pathname, '/index.html')
    })
  }

  test('on a phone each table shows whole cells, with the names of their columns', async (t) => {
    const { tab } = await open(t, '/index.html', PHONE)
    for (const page of pages) {
      await tab.goto(server.origin + page)
      const wide = await tab.evaluate(`[...document.querySelectorAll('.vp-doc table')]
        .filter((table) => table.scrollWidth > table.clientWidth + 1).map((table) => table.textContent.slice(0, 60))`)
      assert.deepEqual(wide, [], page)
    }
    const name = "getComputedStyle(document.querySelector('.vp-doc td'), '::before').content"
    await tab.goto(`${server.origin}/limits.html`)
    assert.equal(await tab.evaluate(name), '"option"')
  })

  test('on a phone the menu opens the list of pages', async (t) => {
    const { tab } = await open(t, '/api.html', PHONE)
    const entry = tab.locator('.VPSidebar a[href="/errors.html"]')
    assert.equal(await entry.isVisible() && await inView(entry), false)
    await tab.locator('.VPLocalNav .menu').click()
    await tab.locator('.VPSidebar.open').waitFor()
    await entry.click()
    await tab.waitForURL('**/errors.html')
  })

  test('pages load nothing from other hosts', async (t) => {
    const { requests } = await open(t, '/index.html', DESKTOP)
    assert.ok(requests.length > 1)
    assert.deepEqual(requests.filter((url) => !url.startsWith(server.origin)), [])
  })
})

function html (page) {
  return fs.readFileSync(path.join(folder, page), 'utf8')
}

function links (page) {
  return [...html(page).matchAll(LINK)].map(([, target]) => decode(target))
}

function decode (attribute) {
  return attribute.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#39;', "'")
}

async function inView (element) {
  const box = await element.boundingBox()
  return box !== null && box.x >= 0
}
