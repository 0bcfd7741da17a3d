'use strict'

const js = require('@eslint/js')
const stylistic = require('@stylistic/eslint-plugin')
const globals = require('globals')

// The arrows of ARCHITECTURE.md that concern JavaScript: which room may require which.
const ADDON = ['**/addon', '**/addon/**', '**/wasm', '**/wasm/**', '**/*.node']
const NO_BINDING = {
  group: [...ADDON, '**/native', '**/native.js'],
  message: 'Only lib/connection, lib/http, lib/transport and lib/permessage-deflate may require the core.'
}
const NO_LOADER = {
  group: ADDON,
  message: 'Require lib/choice.js instead, which loads the addon or WebAssembly and reports if neither can be loaded.'
}
const INTERFACES = ['faye', 'https', 'websocket-driver', 'websocket']
const noInterface = (...names) => ({
  group: names.flatMap((name) => [`../${name}`, `../${name}/**`]),
  message: 'The engine and the transport must not require an interface. An interface may require only those below it.'
})

const BELOW_INTERFACES = ['*', 'connection/**/*', 'http/**/*', 'transport/**/*', 'permessage-deflate/**/*']
  .map((path) => `lib/${path}.js`)

const NO_CLOCK = {
  group: ['timers', 'timers/*', 'perf_hooks', 'process'].flatMap((name) => [name, 'node:' + name]),
  message: 'Use the timers, ticks and clocks of lib/scheduling.js: a program may replace the global ones.'
}
const GLOBAL_CLOCK = [
  'setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate', 'queueMicrotask',
  'performance', 'Promise', 'globalThis', 'global'
].map((name) => ({ name, message: NO_CLOCK.message }))
const PROCESS_CLOCK = ['nextTick', 'hrtime', 'uptime', 'on', 'once', 'addListener', 'prependListener', 'emitWarning']
  .map((property) => ({ object: 'process', property, message: NO_CLOCK.message }))

// ESLint's rules for `require` and for `import` have different formats for the same restriction.
const refuse = (...restrictions) => ({
  'no-restricted-modules': ['error', { patterns: restrictions.flatMap(({ group }) => group) }],
  'no-restricted-imports': ['error', { patterns: restrictions }]
})

// The scripts that run in a browser. The page of the demo is a plain script; the other page is bundled, and so a
// module.
const PAGE = ['examples/demo/app.js']
const BUNDLED = ['examples/websocket-page/page.js']

module.exports = [
  {
    ignores: [
      '**/node_modules/', '**/target/', '**/.venv/', 'lib/wasm/module.js', '__test__/bundlers/next/',
      '**/*.ts', '**/*.mts', '**/*.cts'
    ]
  },
  js.configs.recommended,
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    plugins: { '@stylistic': stylistic },
    languageOptions: { ecmaVersion: 2022 },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      curly: ['error', 'multi-line'],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-implicit-globals': 'error',
      'no-unused-vars': ['error', { args: 'after-used', caughtErrors: 'none', ignoreRestSiblings: true }],
      'no-useless-rename': 'error',
      'no-var': 'error',
      'object-shorthand': ['error', 'properties'],
      'prefer-const': ['error', { destructuring: 'all' }],

      '@stylistic/array-bracket-spacing': ['error', 'never'],
      '@stylistic/arrow-spacing': 'error',
      '@stylistic/block-spacing': 'error',
      '@stylistic/brace-style': ['error', '1tbs', { allowSingleLine: true }],
      '@stylistic/comma-dangle': ['error', 'never'],
      '@stylistic/comma-spacing': 'error',
      '@stylistic/comma-style': 'error',
      '@stylistic/dot-location': ['error', 'property'],
      '@stylistic/eol-last': 'error',
      '@stylistic/function-call-spacing': 'error',
      '@stylistic/indent': ['error', 2, {
        SwitchCase: 1,
        ignoredNodes: ['ConditionalExpression', 'TemplateLiteral > *']
      }],
      '@stylistic/key-spacing': ['error', { mode: 'minimum' }],
      '@stylistic/keyword-spacing': 'error',
      '@stylistic/max-len': ['error', { code: 120, ignoreUrls: true }],
      '@stylistic/no-extra-semi': 'error',
      '@stylistic/no-multiple-empty-lines': ['error', { max: 1, maxBOF: 0, maxEOF: 0 }],
      '@stylistic/no-tabs': 'error',
      '@stylistic/no-trailing-spaces': 'error',
      '@stylistic/no-whitespace-before-property': 'error',
      '@stylistic/object-curly-spacing': ['error', 'always'],
      '@stylistic/padded-blocks': ['error', 'never'],
      '@stylistic/quote-props': ['error', 'as-needed', { unnecessary: false }],
      '@stylistic/quotes': ['error', 'single', { avoidEscape: true, allowTemplateLiterals: 'always' }],
      '@stylistic/rest-spread-spacing': 'error',
      '@stylistic/semi': ['error', 'never', { beforeStatementContinuationChars: 'always' }],
      '@stylistic/semi-spacing': 'error',
      '@stylistic/space-before-blocks': 'error',
      '@stylistic/space-before-function-paren': ['error', 'always'],
      '@stylistic/space-in-parens': 'error',
      '@stylistic/space-infix-ops': 'error',
      '@stylistic/space-unary-ops': 'error',
      '@stylistic/spaced-comment': ['error', 'always', { markers: ['/'] }],
      '@stylistic/switch-colon-spacing': 'error',
      '@stylistic/template-curly-spacing': 'error'
    }
  },
  {
    files: ['**/*.js', '**/*.cjs'],
    languageOptions: { sourceType: 'commonjs' },
    rules: { strict: ['error', 'global'] }
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    ignores: [...PAGE, ...BUNDLED],
    languageOptions: { globals: globals.node }
  },
  {
    files: BUNDLED,
    languageOptions: { globals: { ...globals.browser, require: 'readonly' } }
  },
  {
    files: PAGE,
    languageOptions: { sourceType: 'script', globals: globals.browser },
    rules: {
      // The comment at the top of the page also lists the browser's globals that it uses.
      'no-redeclare': ['error', { builtinGlobals: false }],
      'no-implicit-globals': 'off'
    }
  },
  {
    files: ['index.js', 'lib/faye/**/*.js'],
    rules: refuse(NO_BINDING, NO_CLOCK, noInterface('https', 'websocket'))
  },
  {
    files: ['lib/websocket-driver/**/*.js'],
    rules: refuse(NO_BINDING, NO_CLOCK, noInterface('faye', 'https', 'websocket'))
  },
  {
    files: ['lib/websocket/**/*.js'],
    rules: refuse(NO_BINDING, NO_CLOCK, noInterface('faye', 'https', 'websocket-driver'))
  },
  {
    files: ['lib/https/**/*.js'],
    rules: refuse(NO_BINDING, NO_CLOCK, noInterface('faye', 'websocket-driver', 'websocket'))
  },
  {
    // Files below the interfaces know no interface.
    files: BELOW_INTERFACES,
    ignores: ['lib/choice.js', 'lib/scheduling.js'],
    rules: refuse(NO_LOADER, NO_CLOCK, noInterface(...INTERFACES))
  },
  {
    // Our code runs in the program's process, and the program may replace these globals at any time.
    files: ['index.js', 'lib/**/*.js'],
    ignores: ['lib/scheduling.js'],
    rules: {
      'no-restricted-globals': ['error', ...GLOBAL_CLOCK],
      'no-restricted-properties': ['error', ...PROCESS_CLOCK]
    }
  }
]
