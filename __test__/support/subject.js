'use strict'

// The package under test. FAYE=original runs the behaviour tests with faye-websocket itself, which shows that a test
// describes behaviour of the original.

const usesOriginal = process.env.FAYE === 'original'
const subjectPath = usesOriginal ? require.resolve('faye-websocket') : require.resolve('../../index.js')

module.exports = {
  WebSocket: require(subjectPath),
  original: require('faye-websocket'),
  originalPath: require.resolve('faye-websocket'),
  subjectPath,
  usesOriginal
}
