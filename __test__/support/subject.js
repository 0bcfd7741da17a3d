'use strict'

// The package under test. With FAYE=original, the behaviour tests run with faye-websocket itself, to check that they
// describe behaviour of the original.

const usesOriginal = process.env.FAYE === 'original'
const subjectPath = usesOriginal ? require.resolve('faye-websocket') : require.resolve('../../index.js')

module.exports = {
  WebSocket: require(subjectPath),
  original: require('faye-websocket'),
  originalPath: require.resolve('faye-websocket'),
  subjectPath,
  usesOriginal
}
