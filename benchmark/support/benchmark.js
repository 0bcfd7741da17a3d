'use strict'

// The steps of every benchmark, from the command line to the page.

const fs = require('node:fs')
const path = require('node:path')
const { Failure, ensureDependencies } = require('../../scripts/support')
const { build } = require('../../scripts/build')
const { wrapped } = require('./format')
const machine = require('./machine')
const { choose, parse } = require('./options')
const { buildPrograms } = require('./programs')

const RESULTS = path.join(__dirname, '..', 'results')

/**
 * Runs a benchmark and ends the process.
 *
 * @param {object} benchmark
 * @param {string} benchmark.name the name of the script, and of the files that it writes
 * @param {string} benchmark.about a line for --help
 * @param {string} benchmark.glance the duration of --quick
 * @param {string[]} benchmark.packages the packages whose versions the page names
 * @param {object[]} benchmark.cases the cases, each with a `name`
 * @param {object[]} benchmark.subjects the compared programs, each with a `name`
 * @param {'servers' | 'clients' | 'variants' | 'codecs'} benchmark.kind the kind of subjects
 * @param {Record<string, { value: number, quick: number, about: string }>} benchmark.settings numbers by their
 * options: their values in a full run, and with --quick
 * @param {(run: object, chosen: { cases: object[], subjects: object[] }, programs: object) => Promise<object>}
 * benchmark.measure resolves with the fields of the run other than machine, command and settings
 * @param {(run: object) => string} benchmark.report returns the page
 * @param {(run: object) => Record<string, string>} benchmark.charts returns charts by file name
 * @param {boolean} [benchmark.needsGenerator] default: true
 * @param {boolean} [benchmark.needsAddon] default: true
 * @param {(run: object) => void} [benchmark.publish] called after a complete run that is not quick
 */
function runBenchmark (benchmark) {
  main(benchmark, process.argv.slice(2)).then(() => process.exit(), (error) => {
    console.error('\n' + (error instanceof Failure ? error.message : error.stack))
    process.exit(error instanceof Failure ? error.exitCode : 1)
  })
}

async function main (benchmark, args) {
  const usage = usageOf(benchmark)
  const options = optionsOf(benchmark, args, usage)
  if (options.help) return process.stdout.write(usage)
  const { name, kind, settings } = benchmark
  const chosen = {
    cases: choose(benchmark.cases, options.only, 'case'),
    subjects: choose(benchmark.subjects, options[kind], kind.slice(0, -1))
  }
  ensureDependencies()
  if (!options.noBuild && benchmark.needsAddon !== false) build()
  const programs = benchmark.needsGenerator === false ? {} : buildPrograms()
  const run = {
    command: [`npm run bench:${name}`, ...args.length > 0 ? ['--', ...args] : []].join(' '),
    machine: machine.describe(benchmark.packages),
    settings: Object.fromEntries(Object.keys(settings).map((key) => [key, options[key]]))
  }
  Object.assign(run, await benchmark.measure(run, chosen, programs))
  const page = benchmark.report(run)
  console.log('\n' + page)
  const isComplete = !options.quick && options.only.length === 0 && options[kind].length === 0
  if (options.out || isComplete) write(options.out || RESULTS, name, run, page, benchmark.charts(run))
  if (isComplete && !options.out) benchmark.publish?.(run)
}

/** Parses the options. Values of --quick apply unless an option sets another. */
function optionsOf ({ kind, settings }, args, usage) {
  const numbers = (from) => Object.fromEntries(Object.entries(settings).map(([key, setting]) => [key, setting[from]]))
  const others = { only: [], [kind]: [], out: '', noBuild: false, quick: false, help: false }
  const options = parse(args, { ...numbers('value'), ...others }, usage)
  return options.quick ? parse(args, { ...numbers('quick'), ...others }, usage) : options
}

function usageOf ({ name, about, glance, cases, subjects, kind, settings }) {
  const names = (list) => list.map(({ name }) => name).join(', ')
  const list = kind.toUpperCase()
  const options = [
    ['--only CASES', `only these of ${names(cases)}`],
    [`--${kind} ${list}`, `only these of ${names(subjects)}`],
    ['--quick', `rough figures, in ${glance}`],
    ...Object.entries(settings).map(([key, { value, about }]) => [`${flagOf(key)} N`, `${about} (default: ${value})`]),
    ['--out DIR', `the folder for ${name}.md and its files (default: a complete run that is not quick writes to ` +
      'benchmark/results, others write nothing)'],
    ['--no-build', 'uses the existing addon'],
    ['--help', 'prints this text']
  ]
  const indent = Math.max(...options.map(([option]) => option.length)) + 4
  const lines = options.map(([option, text]) => `  ${option}`.padEnd(indent) + wrapped(text, indent))
  return `${wrapped(about, 0)}\n\n  npm run bench:${name} -- [options]\n\n${lines.join('\n')}\n`
}

const flagOf = (key) => '--' + key.replace(/[A-Z]/g, (letter) => '-' + letter.toLowerCase())

function write (directory, name, run, page, charts) {
  const links = Object.keys(charts).map((file) => `![${file}](${file})`)
  const text = links.length > 0 ? `${page}\n## Charts\n\n${links.join('\n\n')}\n` : page
  const files = { ...charts, [`${name}.md`]: text, [`${name}.json`]: JSON.stringify(run, null, 2) + '\n' }
  fs.mkdirSync(directory, { recursive: true })
  for (const [file, content] of Object.entries(files)) fs.writeFileSync(path.join(directory, file), content)
  console.log(`Written to ${path.relative(process.cwd(), directory) || '.'}.`)
}

module.exports = { runBenchmark }
