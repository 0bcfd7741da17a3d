'use strict'

// The messages of the benchmarks: sets that are the same in every run and on every machine.
//
//   ticker(size)      quotes, order books and snapshots of a market, as JSON
//   longRange(size)   JSON documents that recur 6 to 24 KiB later, slightly changed
//   highEntropy(size) random base64
//
// The sizes of messages differ from the requested ones by a few percent.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Returns different messages of a market's data feed. */
function ticker (size) {
  const random = new Random(size)
  const market = new Market(random)
  return Array.from({ length: countOf(size) }, (_, index) => {
    if (size < 256) return JSON.stringify(market.quote())
    // The number of books: one, or as many as a snapshot needs.
    if (size <= 4096) return fill({ type: 'book', seq: 7_000_000 + index, ...market.instrument() }, size, market)
    return snapshot(market, index, size)
  })
}

/**
 * Returns documents from a pool. A document recurs after 6 to 24 KiB, with a few fields changed. From time to time, a
 * new document replaces an old document. A compressor with a reach below 6 KiB finds no repetition.
 */
function longRange (size) {
  const random = new Random(77)
  const words = Array.from({ length: 4000 }, () => random.word())
  const [nearest, farthest] = [6, 24].map((kib) => Math.round(kib * 1024 / size))
  const [fresh, poolSize] = [20, (nearest + farthest) / 2]
  // In the order of their last use, the oldest first.
  const pool = []
  return Array.from({ length: countOf(size) }, (_, index) => {
    let document = compose(index, size, words, random)
    if (pool.length >= poolSize) {
      const ready = pool.filter(({ sent }) => index - sent >= nearest).length
      const overdue = index - pool[0].sent >= farthest
      const [old] = pool.splice(overdue ? 0 : random.below(ready), 1)
      if (random.below(fresh) > 0) document = revise(old.document, index, random)
    }
    pool.push({ document, sent: index })
    return JSON.stringify(document)
  })
}

function highEntropy (size) {
  const random = new Random(99)
  return Array.from({ length: countOf(size) }, () => random.text(size, ALPHABET))
}

/** The number of messages: hundreds, and for short messages enough to fill several windows. */
function countOf (size) {
  if (size < 256) return 2048
  return size <= 4096 ? 512 : 256
}

/** Encodes a set for the load generator: each message after its length. */
function encode (messages) {
  return Buffer.concat(messages.flatMap((message) => {
    const bytes = Buffer.from(message)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(bytes.length)
    return [length, bytes]
  }))
}

/** Prices that change at random. Some instruments are traded more than others. */
class Market {
  constructor (random) {
    this.random = random
    this.time = 1_718_028_000_000
    this.instruments = Array.from({ length: 400 }, () => ({
      symbol: random.text(3 + random.below(2), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'),
      cents: 500 + random.below(40_000),
      volume: random.below(5_000_000)
    }))
  }

  /** Returns the next event: an instrument whose price has changed by some cents. */
  move () {
    const { random, instruments } = this
    this.time += 1 + random.below(40)
    const instrument = instruments[Math.min(random.below(400), random.below(400))]
    instrument.cents = Math.max(100, instrument.cents + random.below(21) - 10)
    instrument.volume += 100 * random.below(12)
    return instrument
  }

  quote () {
    const { random } = this
    const { symbol, cents, volume } = this.move()
    return {
      type: 'quote',
      sym: symbol,
      bid: cents / 100,
      ask: (cents + 1 + random.below(4)) / 100,
      bsz: 100 * (1 + random.below(30)),
      asz: 100 * (1 + random.below(30)),
      last: (cents + random.below(3)) / 100,
      vol: volume,
      ts: this.time
    }
  }

  instrument () {
    const { symbol, cents, volume } = this.move()
    return { sym: symbol, ts: this.time, last: cents / 100, vol: volume, cents }
  }

  level (cents) {
    const { random } = this
    return { px: cents / 100, sz: 100 * (1 + random.below(60)), n: 1 + random.below(12) }
  }

  trade (cents) {
    const { random } = this
    return {
      id: random.text(8, '0123456789abcdef'),
      px: (cents + random.below(9) - 4) / 100,
      sz: 1 + random.below(900),
      side: random.below(2) ? 'buy' : 'sell',
      ts: this.time - random.below(5000)
    }
  }
}

/** Returns a snapshot of books with three levels a side, and as many trades as fit in `size`. */
function fill ({ cents, ...head }, size, market) {
  const levels = (step) => [1, 2, 3].map((distance) => market.level(cents + step * distance))
  const book = { ...head, bids: levels(-1), asks: levels(1), trades: [] }
  let length = JSON.stringify(book).length
  for (;;) {
    const trade = market.trade(cents)
    length += JSON.stringify(trade).length + 1
    if (length > size + 40) return JSON.stringify(book)
    book.trades.push(trade)
  }
}

function snapshot (market, index, size) {
  const books = []
  const head = `{"type":"snapshot","seq":${7_000_000 + index},"books":[`
  let length = head.length + 2
  while (length + 512 < size) {
    const book = fill(market.instrument(), Math.min(1024, size - length), market)
    books.push(book)
    length += book.length + 1
  }
  return head + books.join(',') + ']}'
}

function compose (index, size, words, random) {
  const document = {
    id: random.text(24, '0123456789abcdef'),
    revision: 1,
    updated: 1_718_028_000_000 + index * 137,
    owner: random.text(12, ALPHABET),
    score: random.below(1_000_000) / 1000,
    title: sentence(5, words, random),
    tags: Array.from({ length: 4 }, () => words[random.below(words.length)]),
    body: ''
  }
  const rest = size - JSON.stringify(document).length
  while (document.body.length < rest) document.body += sentence(8, words, random) + '. '
  document.body = document.body.slice(0, rest)
  return document
}

function revise (document, index, random) {
  return {
    ...document,
    revision: document.revision + 1,
    updated: 1_718_028_000_000 + index * 137,
    score: random.below(1_000_000) / 1000
  }
}

function sentence (count, words, random) {
  return Array.from({ length: count }, () => words[random.below(words.length)]).join(' ')
}

/** C. Doty-Humphrey's generator sfc32, because Math.random cannot be seeded. */
class Random {
  constructor (seed) {
    this.state = Uint32Array.of(seed, 0x9e3779b9, 0x243f6a88, 1)
    for (let i = 0; i < 15; i++) this.next()
  }

  next () {
    const s = this.state
    const result = (s[0] + s[1] + s[3]++) >>> 0
    s[0] = s[1] ^ (s[1] >>> 9)
    s[1] = s[2] + (s[2] << 3)
    s[2] = ((s[2] << 21) | (s[2] >>> 11)) + result
    return result
  }

  below (bound) {
    return Math.floor(this.next() / 2 ** 32 * bound)
  }

  text (length, alphabet) {
    return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join('')
  }

  word () {
    return this.text(3 + this.below(8), 'etaoinshrdlucmfwypvbgkjqxz')
  }
}

module.exports = { ticker, longRange, highEntropy, encode }
