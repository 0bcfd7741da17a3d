'use strict'

// Deliberate differences from faye-websocket 0.11.4 and websocket-driver 0.8.0. The parity scripts omit these cases.
// Tests in __test__/faye or __test__/websocket-driver specify our behaviour.

const faye = {
  'the net option of a client': 'the original documents it and throws for it',
  'close after the failure of a proxy': 'is immediate; the original waits until the proxy ends the connection',
  'Connection: keep-alive, Upgrade in a response': 'RFC 6455 requires a token in a list, the original a single word',
  'masked frames from a server':
    'RFC 6455 section 5.1 requires the client to fail the connection; the original unmasks them',
  'CR, LF and NUL in header options, protocols, event and id': 'throw a TypeError; in the original they add lines',
  'the response to a wrong version': 'contains Sec-WebSocket-Version: 13, as RFC 6455 section 4.4 requires',
  'a missing or malformed Host or key': 'is refused, as RFC 6455 section 4.2.1 requires; the original does not check',
  'a 64-bit length with the top bit set': 'fails with 1002, not 1009, because RFC 6455 section 5.2 forbids it',
  'invalid UTF-8 in an early fragment': 'fails when the byte arrives, not when the message ends',
  'a ping above 125 bytes': 'throws a RangeError; the original sends a frame that no peer may accept',
  'a close reason above 123 bytes': 'is cut at a character; the original sends a frame that no peer may accept',
  'a close code that is not a number': 'is refused; the original writes the code 0',
  'tabs in Connection': 'are white space, as in HTTP; the original accepts spaces only',
  'user name and password of a URL': 'are not in error messages; the original shows them',
  'an error without a message': 'is described by its inner errors, cause, code or name; the original reports nothing',
  'options and URLs': 'are read once; the original reads some of them again',
  bufferedAmount: 'is the number of unsent bytes; the original returns 0',
  'send of a large message that the kernel accepts at once':
    'returns true with the native transport; a stream of Node 18 returns false',
  'a socket constructed long after the upgrade': 'loses no bytes; the original loses the bytes that the socket buffers',
  pause: 'stops at once; the original delivers the next chunk, and continues when its socket drains',
  'two ends that both send much': 'continue to read; the original stops both when both sockets are full',
  'a response whose head does not end': 'fails at 64 KB; the original stores it without a limit',
  'the options objects of the caller': 'are not changed; the original sets host, port, servername and ca in them',
  'the memory of the caller': 'is not changed; the original unmasks frames in the body that it gets',
  'a response socket destroyed under an EventSource': 'closes it; the original never stops its timer',
  frames: 'are sent in one write per batch; the original writes once per frame',
  'send in the handler of an error': 'returns false, because nothing more is sent; the original returns true',
  'maxLength, ping and retry below 0 or not a number': 'throw a RangeError; the original accepts them',
  'messages after a handler that throws': 'are delivered immediately; the original waits for the next bytes',
  'exceptions of handlers that pipe() of Node catches': 'are uncaught exceptions; the original loses them',
  'a connection that ends before its object is constructed': 'closes with 1006; the original emits nothing',
  'a proxy option that is not an object': 'throws; the original connects without a proxy',
  'a response header named __proto__': 'is in headers; the original loses it',
  'process.exit() with messages for permessage-deflate': 'sends them; the original loses them',
  'typed arrays, DataViews, ArrayBuffers and Blobs': 'are sent as binary; the original sends the text String(message)',
  'options and a callback of send': 'have an effect; the original ignores them',
  'setting binaryType': 'has an effect; in the original it is an ordinary property',
  'WebSocket.prepare, broadcast, default, runtime and runtimeReason': 'are additions',
  'handshakeTimeout, closeTimeout, pingTimeout, signal and binaryType': 'are additions',
  'terminate(), async iteration, ws+unix: and wss+unix:': 'are additions'
}

// Differences of drivers, in addition to those above that also concern drivers.
const driver = {
  'hixie-75 and hixie-76': 'are accepted unless allowDrafts is false; the original requires true',
  'bytes before start()': 'wait for start(), up to a limit; the original parses frames before it has answered',
  'a continuation without a message': 'fails at its header, not when its payload is complete',
  'pings queued before open, with an extension': 'are sent before the messages that were queued with them',
  'control frames inside a message': 'do not count for maxLength',
  'a violation while the connection closes': 'ends the connection; the original continues with the next frame',
  'close codes that must not be sent': 'throw a RangeError; the original sends them',
  'frame() of type close': 'closes; the original sends the frame and stays open',
  'frame() of another type': 'throws a TypeError; the original sends a continuation without a message',
  'control frames by frame() while the connection closes':
    'are refused; the original sends them after its close frame',
  'a Uint8Array that is not a Buffer': 'is sent; the original throws a TypeError',
  'an extension that was not offered':
    'is refused before any extension is activated, and so is one that made no offer',
  'quotes in extension headers': 'are written around every value that needs them; the original omits every second pair',
  'an empty extension parameter': 'is written with quotes; the original writes a text that its own parser refuses',
  'an extension header with white space around it': 'is parsed; the original refuses it',
  'an extension parameter named __proto__': 'is in the parameters; the original loses it',
  'readyState while a client writes its request':
    'is 0; in the original it is -1, and a response that arrives at once is lost',
  'readyState while queued frames are written': 'is still 0; in the original it is 1',
  'readyState when a draft refuses a request': 'is 3; in the original it is 2',
  'protocol of a client that refuses the response': 'stays undefined; the original sets it as soon as it has read it',
  'a text above the limit of a draft': 'is never delivered; the original delivers it if its end is in the chunk',
  'the body of a raw request':
    'contains all bytes of the head\'s chunk; in the original as many as Content-Length announces',
  'a listener that throws while a close frame is written': 'does not suppress the close event',
  'the origin of a proxy': 'is checked by proxy(); the original accepts any value',
  'a response or a raw request that is not HTTP': 'fails at its first line, or at its first bytes',
  'the bytes of a compressed message': 'differ, and inflate to the same message',
  'messages and permessage-deflate': 'keep their order with control frames, and are delivered immediately unless ' +
    'they are large; the original delivers them later, and control frames overtake them',
  'a message that inflates to more than maxLength': 'fails at maxLength; the original inflates all of it first'
}

// Differences from connections of websocket 1.0.35. Each has a test in __test__/websocket.
const websocket = {
  'unmasked frames of a client': 'fail with 1002 unless requireMasking is false; the original accepts them',
  'masked frames of a server': 'fail with 1002 unless requireMasking is false; the original accepts them',
  'messages before the end of TCP': 'are delivered; the original loses those that wait for a later turn',
  'one frame per turn of the event loop':
    'does not apply: frames that arrive together are delivered together, in order',
  'frames in the chunk of the handshake': 'are delivered; the original loses them',
  'sending after close': 'is refused, and calls back with an error; the original writes after the end of its socket, ' +
    'so that the connection ends with an error event and 1006, whatever close code was agreed',
  'the pong for a ping whose listener closes': 'is not sent, for the same reason',
  'a peer that answers a close and keeps TCP open':
    'is disconnected after closeTimeout; the original waits without a limit',
  'a close reason above 123 bytes': 'is cut at a character; the original sends a frame that no peer may accept',
  'frames by sendFrame that no peer may accept': 'throw; the original sends them',
  'close codes that must not be sent': 'throw in sendCloseFrame(), and drop() sends no close frame with them',
  'pong with a text': 'is sent; the original throws on a server, and ends the process of a client',
  'typed arrays, DataViews, ArrayBuffers and Blobs': 'are sent as binary; the original sends String(data)',
  'limits, fragmentation, assembleFragments and maskOutgoingPackets': 'are read when the connection is created; the ' +
    'original reads them again for each message',
  'pause() of the socket by a program': 'stops reading, without a pause event of the connection',
  'keep-alive and parts of messages': 'a part prevents the drop, and restarts the interval when the grace period ' +
    'ends; in the original immediately',
  'pause and the closing handshake': 'a paused connection that closes reads the answer',
  'empty texts of w3cwebsocket': 'are delivered; the original discards them',
  'bufferedAmount of w3cwebsocket': 'is the number of unsent bytes; the original returns 0',
  'Blobs and DataViews sent by w3cwebsocket': 'are binary messages; the original throws, or sends nothing',
  'a pending handshake when w3cwebsocket is closed':
    'is aborted after closeTimeout; the original waits without a limit',
  'event types with names of Object.prototype': 'work; the original throws',
  'an extension that was not offered, and a protocol that was not requested': 'fail the connection unless ' +
    'strictHandshake is false; the original ignores them',
  'a WHATWG URL': 'is requested with its path and query; the original requests /, and leaves a colon in Host',
  'an IPv6 address in Host': 'has its brackets; the original writes a Host that no server can parse',
  'a frozen or foreign URL, configuration or list of protocols': 'is accepted; the original ignores parts of them',
  'the protocol of a client that connects again': 'is that of the new connection; the original keeps the old one',
  'abort() before a request has its socket': 'emits connectFailed; the original emits nothing',
  'the socket of a failed handshake': 'is destroyed, and its errors have no effect; the original leaves a refused ' +
    'socket to the server, and an error ends the process',
  'the body of a refusal that is not HTTP': 'is ignored; the original emits a second connectFailed',
  'a refusal to a client that has connected before': 'does not end that connection; the original ends it',
  'a connect handler that throws': 'loses no frames in the chunk of the response',
  'a socket that fails before accept or reject': 'closes the connection; in the original its error ends the process',
  'the socket of a request that was rejected': 'is destroyed when the client ends its half, or after 30 s; the ' +
    'original waits for the client, without a limit if it has sent frames',
  'a status that HTTP does not have, such as NaN': 'becomes 403; the original writes it',
  'characters beyond Latin-1, and NUL, in headers of responses':
    'add no line; in the original some become line breaks',
  'white space around an origin in a response': 'is trimmed',
  'arguments that make reject() throw':
    'leave the request open for another call; in the original it never gets a response',
  'subprotocols and cookies with names of Object.prototype': 'work; the original throws',
  'the cookies that a program passes': 'are not changed; the original removes characters from them',
  'a cookie with an invalid date or an infinite age': 'is refused; the original writes Invalid Date, or Infinity',
  'a configuration that a connection refuses when it is accepted':
    'causes a response with 500; the original leaves the socket open',
  'subprotocols that cannot be accepted, with autoAcceptConnections':
    'emit upgradeError; in the original they end the process',
  'a request that is accepted or rejected in the tick of closeAllConnections()':
    'stays accepted or rejected; the original throws in the next tick',
  'a path with the flag g or y': 'matches from the beginning each time; the original continues where it stopped',
  'unmount() of a router without a protocol': 'removes the handler that was mounted without one; the original throws',
  'maskBytes and frameHeader': 'are new Buffers each time: they are scratch space of the parser of the original'
}

module.exports = { faye, driver, websocket }
