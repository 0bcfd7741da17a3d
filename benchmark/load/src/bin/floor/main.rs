//! A server that does the least work for WebSocket on one thread, in Rust alone. The benchmarks compare servers with
//! its cost, the floor.
//!
//! Only unmasks, frames, and writes once per read. Has no limits, no checks of UTF-8 or of the protocol, no pings, no
//! timeouts and no fragments. Stores a whole message before it answers, because a library must do so too. Not for
//! production.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::frames::{KEY, append, append_header, client_header, frame_length, unmask, upgrade};
use crate::wire::{Tls, Wire, tls_config};

mod frames;
mod wire;

const USAGE: &str = "\
usage: faye-websocket-floor [--mode echo|receive|broadcast] [--port PORT] [--read BYTES] [--tls FILE]
--read sets the most bytes of a read (default: 65536). --tls uses TLS with the certificate and the key in FILE (PEM).
Prints the port. Exits when its stdin ends.
";
const LISTENER: Token = Token(usize::MAX);
/// The size that libuv reads. It decides the cost of a one-way flood over loopback, so `--read` sets another.
const READ_BUFFER: usize = 64 * 1024;
/// The least length of a message that the server echoes from the input, without a copy into the output.
const LONG: usize = 16 * 1024;
/// The number of messages that one confirmation covers. The load generator has the same number.
const CONFIRMED: u64 = 1000;

const FIN_AND_TEXT: u8 = 0x81;
const OPCODE: u8 = 0x0f;
const CLOSE: u8 = 0x8;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Echo,
    Receive,
    Broadcast,
}

fn main() -> io::Result<()> {
    let Some(options) = parse(std::env::args().skip(1)) else {
        eprint!("{USAGE}");
        std::process::exit(2);
    };
    match &options.tls {
        None => serve(&options, Ok),
        Some(file) => {
            let config = tls_config(file)?;
            serve(&options, |socket| Tls::new(&config, socket))
        }
    }
}

/// Serves until the process ends. `wrap` turns the socket of a new connection into its wire.
fn serve<W: Wire>(options: &Options, wrap: impl Fn(TcpStream) -> io::Result<W>) -> io::Result<()> {
    let mut server = Server::listen(options)?;
    println!("{}", server.listener.local_addr()?.port());
    std::thread::spawn(|| {
        io::copy(&mut io::stdin(), &mut io::sink()).ok();
        std::process::exit(0);
    });
    server.run(wrap)
}

struct Options {
    mode: Mode,
    port: u16,
    read: usize,
    tls: Option<PathBuf>,
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let (mut mode, mut port, mut read, mut tls) = (Mode::Echo, 0, READ_BUFFER, None);
    while let Some(name) = arguments.next() {
        let value = arguments.next()?;
        match (name.as_str(), value.as_str()) {
            ("--port", text) => port = text.parse().ok()?,
            ("--read", text) => read = text.parse().ok().filter(|&size| size > 0)?,
            ("--tls", file) => tls = Some(file.into()),
            ("--mode", "echo") => mode = Mode::Echo,
            ("--mode", "receive") => mode = Mode::Receive,
            ("--mode", "broadcast") => mode = Mode::Broadcast,
            _ => return None,
        }
    }
    Some(Options {
        mode,
        port,
        read,
        tls,
    })
}

struct Server<W> {
    mode: Mode,
    poll: Poll,
    listener: TcpListener,
    /// The connections by token.
    connections: Vec<Option<Connection<W>>>,
    free: Vec<usize>,
    input: Vec<u8>,
    output: Vec<u8>,
}

struct Connection<W> {
    wire: W,
    is_upgraded: bool,
    /// The beginning of an incomplete frame, in the first `filled` bytes.
    partial: Vec<u8>,
    filled: usize,
    /// Bytes that the socket has not accepted. The server reads only while this buffer is empty.
    unsent: Vec<u8>,
    received: u64,
}

/// The action for received bytes.
#[derive(Default)]
struct Decoded {
    consumed: usize,
    /// The range of a frame among the received bytes, which the server sends after the output.
    direct: Option<Range<usize>>,
    is_closed: bool,
}

impl<W: Wire> Server<W> {
    fn listen(
        &Options {
            mode, port, read, ..
        }: &Options,
    ) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut listener = TcpListener::bind(address)?;
        let poll = Poll::new()?;
        poll.registry()
            .register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            mode,
            poll,
            listener,
            connections: Vec::new(),
            free: Vec::new(),
            input: vec![0; read],
            output: Vec::new(),
        })
    }

    fn run(&mut self, wrap: impl Fn(TcpStream) -> io::Result<W>) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                result => result?,
            }
            for event in &events {
                match event.token() {
                    LISTENER => self.accept(&wrap)?,
                    Token(index) => self.serve(index),
                }
            }
        }
    }

    fn accept(&mut self, wrap: impl Fn(TcpStream) -> io::Result<W>) -> io::Result<()> {
        loop {
            let mut socket = match self.listener.accept() {
                Ok((socket, _)) => socket,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            socket.set_nodelay(true)?;
            let index = self.free.pop().unwrap_or(self.connections.len());
            self.poll.registry().register(
                &mut socket,
                Token(index),
                Interest::READABLE | Interest::WRITABLE,
            )?;
            if index == self.connections.len() {
                self.connections.push(None);
            }
            self.connections[index] = Some(Connection::new(wrap(socket)?));
        }
    }

    /// Serves a connection, and removes it after an error.
    fn serve(&mut self, index: usize) {
        if self.connections[index].is_some() && !self.exchange(index).unwrap_or(false) {
            self.connections[index] = None;
            self.free.push(index);
        }
    }

    /// Reads until the socket is empty, because it is polled for edges. Returns false if the connection has ended.
    fn exchange(&mut self, index: usize) -> io::Result<bool> {
        loop {
            let Some(connection) = &mut self.connections[index] else {
                return Ok(true);
            };
            if !connection.flush()? {
                return Ok(true);
            }
            let (length, is_emptied) = match connection.read(&mut self.input) {
                Ok((0, _)) => return Ok(false),
                Ok(read) => read,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
                Err(error) => return Err(error),
            };
            if !self.answer(index, length)? {
                return Ok(false);
            }
            if is_emptied {
                return Ok(true);
            }
        }
    }

    /// Answers `length` received bytes, which are in the input, or in the buffer of the connection.
    fn answer(&mut self, index: usize, length: usize) -> io::Result<bool> {
        let Some(connection) = &mut self.connections[index] else {
            return Ok(true);
        };
        let is_partial = connection.filled > 0;
        let mut lent = std::mem::take(if is_partial {
            &mut connection.partial
        } else {
            &mut self.input
        });
        let filled = connection.filled + length;
        let mut consumed = 0;
        let mut is_open = true;
        while is_open && consumed < filled {
            let bytes = &mut lent[consumed..filled];
            self.output.clear();
            let Some(connection) = &mut self.connections[index] else {
                break;
            };
            let was_upgraded = connection.is_upgraded;
            let decoded = connection.decode(self.mode, bytes, &mut self.output);
            let direct = decoded.direct.map_or(&[][..], |range| &bytes[range]);
            if self.mode == Mode::Broadcast && was_upgraded && !decoded.is_closed {
                for connection in self.connections.iter_mut().flatten() {
                    if connection.is_upgraded {
                        connection.send(&self.output)?;
                    }
                }
            } else {
                connection.send(&self.output)?;
                connection.send(direct)?;
            }
            is_open = !decoded.is_closed;
            consumed += decoded.consumed;
            if decoded.consumed == 0 {
                break;
            }
        }
        if let Some(connection) = &mut self.connections[index] {
            if is_partial {
                lent.copy_within(consumed..filled, 0);
                connection.partial = lent;
                connection.filled = filled - consumed;
            } else {
                connection.keep(&lent[consumed..filled]);
                self.input = lent;
            }
        }
        Ok(is_open)
    }
}

impl<W: Wire> Connection<W> {
    fn new(wire: W) -> Self {
        Self {
            wire,
            is_upgraded: false,
            partial: Vec::new(),
            filled: 0,
            unsent: Vec::new(),
            received: 0,
        }
    }

    /// Reads once. Returns the number of bytes, and whether the socket is empty for now.
    fn read(&mut self, input: &mut [u8]) -> io::Result<(usize, bool)> {
        let room = if self.filled == 0 {
            input
        } else {
            // Reads only to the end of the message, because bytes after it would have to be moved.
            let whole = frame_length(&self.partial[..self.filled]).unwrap_or(0);
            let needed = whole.max(self.filled + 1024);
            if self.partial.len() < needed {
                self.partial.resize(needed, 0);
            }
            &mut self.partial[self.filled..needed]
        };
        let length = self.wire.read(room)?;
        Ok((length, self.wire.is_emptied(length, room.len())))
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.filled = bytes.len();
        if self.partial.len() < bytes.len() {
            self.partial.resize(bytes.len(), 0);
        }
        self.partial[..bytes.len()].copy_from_slice(bytes);
    }

    fn decode(&mut self, mode: Mode, bytes: &mut [u8], output: &mut Vec<u8>) -> Decoded {
        if self.is_upgraded {
            return decode_frames(mode, bytes, &mut self.received, output);
        }
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Decoded::default();
        };
        self.is_upgraded = true;
        upgrade(&bytes[..end], output);
        Decoded {
            consumed: end + 4,
            ..Decoded::default()
        }
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut sent = 0;
        if self.unsent.is_empty() {
            sent = write(&mut self.wire, bytes)?;
        }
        self.unsent.extend_from_slice(&bytes[sent..]);
        Ok(())
    }

    /// Writes unsent bytes. Returns false if the socket accepts no more for now.
    fn flush(&mut self) -> io::Result<bool> {
        if !self.unsent.is_empty() {
            let sent = write(&mut self.wire, &self.unsent)?;
            self.unsent.drain(..sent);
        }
        if !self.unsent.is_empty() {
            return Ok(false);
        }
        match self.wire.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            result => result.map(|()| true),
        }
    }
}

/// Writes as many bytes as the socket accepts.
fn write(wire: &mut impl Wire, bytes: &[u8]) -> io::Result<usize> {
    let mut sent = 0;
    while sent < bytes.len() {
        match wire.write(&bytes[sent..]) {
            Ok(length) => sent += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

fn decode_frames(
    mode: Mode,
    bytes: &mut [u8],
    received: &mut u64,
    output: &mut Vec<u8>,
) -> Decoded {
    let mut decoded = Decoded::default();
    while let Some((header, length)) = client_header(&bytes[decoded.consumed..]) {
        let begin = decoded.consumed + header;
        let end = begin + length;
        if end > bytes.len() {
            break;
        }
        let first = bytes[decoded.consumed];
        let mut key = [0; KEY];
        key.copy_from_slice(&bytes[begin - KEY..begin]);
        unmask(&mut bytes[begin..end], key);
        decoded.consumed = end;
        *received += 1;
        if first & OPCODE == CLOSE {
            append(output, first, &bytes[begin..end]);
            decoded.is_closed = true;
            break;
        }
        match mode {
            Mode::Receive => {
                if received.is_multiple_of(CONFIRMED) {
                    append(output, FIN_AND_TEXT, received.to_string().as_bytes());
                }
            }
            Mode::Echo if length >= LONG => {
                // The place of the key makes room for a copy of the header.
                let at = begin - (header - KEY);
                let mut frame = Vec::with_capacity(header);
                append_header(&mut frame, first, length);
                bytes[at..begin].copy_from_slice(&frame);
                decoded.direct = Some(at..end);
                break;
            }
            Mode::Echo | Mode::Broadcast => append(output, first, &bytes[begin..end]),
        }
    }
    decoded
}
