'use strict'

// Which package the behaviour tests look at. FAYE=original runs them against faye-websocket itself,
// which shows that a test describes existing behaviour and not only ours.

const usesOriginal = process.env.FAYE === 'original'
const subjectPath = usesOriginal ? require.resolve('faye-websocket') : require.resolve('../../index.js')

module.exports = {
  WebSocket: require(subjectPath),
  original: require('faye-websocket'),
  originalPath: require.resolve('faye-websocket'),
  subjectPath,
  usesOriginal
}
