'use strict'

// Where we differ from faye-websocket 0.11.4 and websocket-driver 0.8.0 on purpose. The parity scripts leave these out;
// each has tests of its own in __test__/faye or __test__/websocket-driver that say what we do instead.

const faye = {
  'the net option of a client': 'the original documents it and throws for it',
  'close after the failure of a proxy': 'the original waits for the proxy to hang up, which it need not do',
  'Connection: keep-alive, Upgrade in an answer': 'RFC 6455 asks for a token in a list, the original for one word',
  'masked frames from a server': 'RFC 6455 section 5.1 has the client fail the connection; the original unmasks them',
  'CR, LF and NUL in header options, protocols, event and id': 'the original lets them add lines of their own',
  'the answer to a wrong version': 'names Sec-WebSocket-Version: 13, as RFC 6455 section 4.4 wants',
  'a Host and a key that are missing or malformed': 'RFC 6455 section 4.2.1 requires them; the original does not look',
  'a 64-bit length with the top bit set': 'fails with 1002, not 1009, as RFC 6455 section 5.2 forbids it',
  'text that is not UTF-8 in an early fragment': 'fails when the byte arrives, not when the message ends',
  'ping above 125 bytes': 'throws a RangeError; the original sends a frame that no peer may accept',
  'a close reason above 123 bytes': 'is cut at a character; the original sends a frame that no peer may accept',
  'a close code that is no number': 'is refused; the original writes the code 0',
  'white space by tabs in Connection': 'is white space in HTTP; the original knows spaces only',
  'user name and password of a URL': 'are in no message; the original shows them',
  'an error without a message': 'is told by the errors in it, its cause, code or name; the original says nothing',
  'options and URLs': 'are read once; the original reads some of them again',
  bufferedAmount: 'is the truth; the original says 0',
  'send of a large message that the kernel takes at once': 'is true natively; a stream of Node 18 says false',
  'a socket constructed long after the upgrade': 'loses nothing; the original loses what the socket has buffered',
  pause: 'stops reading; the original goes on delivering',
  'two ends that both send much': 'go on reading; the original stops both when both sockets are full',
  'an answer whose head never ends': 'fails at 64 KB; the original stores it for ever',
  'the options objects of the caller': 'are not written to; the original sets host, port, servername and ca in them',
  'the memory of the caller': 'is not written to; the original unmasks frames in the body it was given',
  'a response socket destroyed under an EventSource': 'closes it; the original keeps its timer for ever',
  frames: 'leave in one write per batch; the original writes once per frame',
  'send in the handler of an error': 'returns false, as nothing is sent any more; the original says true',
  'maxLength, ping and retry below 0 or no number': 'throw a RangeError; the original takes them as they are',
  'messages behind a handler that throws': 'are delivered at once; the original waits for the next bytes',
  'what handlers throw, where pipe() of Node catches it': 'is an uncaught exception; the original loses it',
  'a connection that is gone before its object is made': 'closes, with 1006; the original never says anything',
  'a proxy that is no object': 'throws; the original connects without it',
  'a response header named __proto__': 'is there like any other; the original loses it',
  'process.exit() with messages for permessage-deflate': 'delivers them; the original loses them',
  'typed arrays, DataViews, ArrayBuffers and Blobs': 'are sent as binary; the original sends the text String(message)',
  'options and a callback of send': 'have their effect; the original ignores them',
  'setting binaryType': 'has its effect; in the original it is a property like any other',
  'WebSocket.prepare, broadcast, default, runtime and runtimeReason': 'are additions',
  'handshakeTimeout, closeTimeout, pingTimeout, signal and binaryType': 'are additions',
  'terminate(), async iteration, ws+unix: and wss+unix:': 'are additions'
}

// Beyond those of the above that concern a driver as well.
const driver = {
  'hixie-75 and hixie-76': 'are understood unless allowDrafts is false; the original wants it to be true',
  'bytes before start()': 'wait for it, up to a limit; the original parses frames before it has answered',
  'a continuation of nothing': 'fails at its header, not when its payload is complete',
  'pings queued before open, with an extension': 'leave before the messages queued with them',
  'control frames inside a message': 'do not count for maxLength',
  'a violation while the connection closes': 'ends it at once; the original goes on with the next frame',
  'close codes that may not be on the wire': 'throw a RangeError; the original sends them',
  'frame() of type close': 'closes; the original sends the frame and stays open',
  'frame() of another type': 'throws a TypeError; the original sends a continuation of nothing',
  'control frames by frame() while the connection closes':
    'are refused; the original sends them after its close frame',
  'a Uint8Array that is no Buffer': 'is sent; the original throws a TypeError',
  'an extension that was not offered': 'is refused before any other is activated, and so is one that made no offer',
  'quotes in extension headers': 'stand wherever they are needed; the original forgets every other pair',
  'an empty extension parameter': 'is written with quotes; the original writes what its own parser refuses',
  'an extension header with white space around it': 'is read; the original refuses it',
  'an extension parameter named __proto__': 'is there like any other; the original loses it',
  'readyState while a client writes its request': 'is 0; the original says -1 and loses an answer that comes at once',
  'readyState while queued frames are written': 'is still 0; the original says 1 already',
  'readyState when a draft refuses a request': 'is 3; the original says 2',
  'protocol of a client whose answer is refused': 'stays undefined; the original sets it as soon as it has read it',
  'a text above the limit of a draft': 'is never delivered; the original delivers it when its end is in the packet',
  'the body of a raw request': 'is all that came with the head; the original keeps what Content-Length announces',
  'a listener that throws while a close frame is written': 'does not cost the close event',
  'the origin of a proxy': 'is judged by proxy(); the original takes anything',
  'an answer or a raw request that is no HTTP': 'is given up at its first line, or at its first bytes',
  'the bytes of a compressed message': 'are other ones with the same meaning, as any inflater reads them',
  'messages and permessage-deflate': 'keep their order with control frames, and are there at once unless they are ' +
    'large; the original has them later, and lets control frames overtake them',
  'a message that inflates to more than maxLength': 'is given up there; the original inflates all of it first'
}

// From websocket 1.0.35, in its connections. Each has a test in __test__/websocket.
const websocket = {
  'unmasked frames of a client': 'fail with 1002 unless requireMasking is false; the original takes them',
  'masked frames of a server': 'fail likewise',
  'messages before the end of TCP': 'are delivered; the original loses those that wait for their turn',
  'one frame per turn of the event loop': 'is not kept: what has arrived together is delivered together, in order',
  'frames in the packet of the handshake': 'are delivered; the original loses them',
  'sending after close': 'is refused, and calls back with an error; the original writes behind the end of its ' +
    'socket, so that the connection ends with an error event and 1006, whatever was agreed',
  'the pong for a ping whose listener closes': 'is not sent, for the same reason',
  'a peer that answers a close and keeps TCP open': 'is left after closeTimeout; the original waits for ever',
  'a close reason above 123 bytes': 'is cut at a character; the original sends a frame that no peer may accept',
  'frames by sendFrame that no peer may accept': 'throw; the original sends them',
  'close codes that may not be on the wire': 'throw in sendCloseFrame(), and drop() sends no close frame with them',
  'pong with a text': 'is sent; the original throws on a server, and ends the process of a client',
  'typed arrays, DataViews, ArrayBuffers and Blobs': 'are sent as binary; the original sends the text that they make',
  'limits, fragmentation, assembleFragments and maskOutgoingPackets': 'are read when the connection is made; the ' +
    'original reads them again for each message',
  'pause() of the socket by a program': 'stops reading, without a pause event of the connection',
  'keep-alive and parts of messages': 'a part keeps a peer from being dropped, and restarts the interval when the ' +
    'grace period ends; in the original at once',
  'pause and the closing handshake': 'a paused connection that closes reads the answer',
  'empty texts of w3cwebsocket': 'are told; the original swallows them',
  'bufferedAmount of w3cwebsocket': 'is the truth; the original says 0',
  'Blobs and DataViews sent by w3cwebsocket': 'are binary messages; the original throws, or sends nothing of them',
  'a handshake that hangs when w3cwebsocket is closed': 'is given up after closeTimeout; the original waits for ever',
  'event types that Object.prototype has': 'are types like any other; the original throws',
  'an extension in an answer that was not offered, and a protocol that was not requested': 'fail the connection ' +
    'unless strictHandshake is false; the original ignores them',
  'a WHATWG URL': 'is asked for with its path and query; the original asks for /, and leaves a colon in Host',
  'an IPv6 address in Host': 'has its brackets; the original writes a Host that no server can read',
  'a frozen or foreign URL, configuration or list of protocols': 'is taken; the original ignores parts of them',
  'the protocol of a client that connects again': 'is that of the new connection; the original keeps the old one',
  'abort() before a request has its socket': 'is told by connectFailed; the original says nothing',
  'the socket of a failed handshake': 'is destroyed, and its errors end nothing else; the original leaves a refused ' +
    'one to the server, and an error ends the process',
  'the body of a refusal that is not HTTP': 'says nothing; the original tells a second connectFailed',
  'a refusal to a client that has connected before': 'leaves that connection; the original ends it',
  'a connect handler that throws': 'costs nothing that came with the answer',
  'a socket that fails before accept or reject': 'is an ordinary end; the original leaves its error to the process',
  'the socket of a request that was rejected': 'is released when the client ends its half, and after 30 s; the ' +
    'original waits for the client, for ever if it has sent something',
  'a status that HTTP does not have, such as NaN': 'is 403; the original writes it',
  'characters beyond Latin-1, and NUL, in headers of answers': 'add no line; in the original some become line breaks',
  'white space around an origin that is answered': 'is trimmed',
  'arguments that make reject() throw': 'leave the request open for another answer; the original leaves it without one',
  'subprotocols and cookies named as members of Object.prototype': 'are like any other; the original throws',
  'the cookies that a program gives': 'are not written to; the original takes characters out of them',
  'a cookie whose date is none, or whose age is endless': 'is refused; the original writes Invalid Date, or Infinity',
  'a configuration that a connection refuses when it is accepted': 'answers 500; the original leaves the socket open',
  'subprotocols that cannot be accepted, with autoAcceptConnections':
    'are told by upgradeError; in the original they ' +
    'end the process',
  'a request that is answered in the tick of closeAllConnections()': 'stays so; the original throws in the next one',
  'a path with the flag g or y': 'matches from the beginning each time; the original goes on where it stopped',
  'unmount() of a router without a protocol': 'finds what was mounted without one; the original throws',
  'maskBytes and frameHeader': 'are other Buffers each time: they are scratch space of the parser of the original'
}

module.exports = { faye, driver, websocket }
