//! One connection, from the opening handshake to the close.
//!
//! Knows which phase it is in and what may be sent then. Does not know sockets, timers or threads.

use crate::close::{CloseCode, CloseFrame};
use crate::config::Config;
use crate::error::InvalidArgument;
use crate::handshake::accept::Nonce;
use crate::handshake::client::{ClientHandshake, ClientRequest};
use crate::handshake::server;
use crate::http::head::{HeadScanner, ResponseHead};
use crate::http::headers::HeaderList;
use crate::http::request::Request;
use crate::hybi::decoder::MAX_CONTROL_PAYLOAD;
use crate::hybi::frame::Opcode;
use crate::hybi::{Hybi, Phase as HybiPhase};
use crate::outbox::Outbox;
use crate::output::{Caused, Error, Event, Kind, Message, Output};

/// A WebSocket connection without a socket. See the [crate] documentation for how to drive it.
#[derive(Debug)]
pub struct Connection {
    phase: Phase,
    handshake: Handshake,
    hybi: Hybi,
    outbox: Outbox,
    subprotocol: Option<String>,
    response: Option<ResponseHead>,
}

#[derive(Debug)]
enum Phase {
    /// The opening handshake is not complete. Messages sent now wait here.
    Connecting {
        started: bool,
        queued: Vec<(Opcode, Vec<u8>)>,
    },
    /// Frames flow; [`Hybi`] knows the rest.
    Established,
    /// Over before it was established, or abandoned; the `close` event may still have to be told.
    Failed { untold: Option<Event> },
}

#[derive(Debug)]
enum Handshake {
    Server {
        request: Request,
        headers: HeaderList,
    },
    Client {
        handshake: ClientHandshake,
        scanner: HeadScanner,
    },
}

/// `readyState`, as websocket-driver numbers it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ReadyState {
    /// -1: a client that has not been started.
    Unstarted,
    /// 0: the opening handshake is under way.
    Connecting,
    /// 1: messages may be sent.
    Open,
    /// 2: our close frame is out.
    Closing,
    /// 3: over.
    Closed,
}

/// The constructors: where a connection comes from.
impl Connection {
    /// A server's end, for a request that was parsed elsewhere.
    ///
    /// # Errors
    /// [`InvalidArgument::Subprotocol`] for a name that could not be written.
    pub fn server(request: Request, config: Config) -> Result<Self, InvalidArgument> {
        check_subprotocols(&config.subprotocols)?;
        let subprotocol = server::select_subprotocol(&request, &config.subprotocols);
        let handshake = Handshake::Server {
            request,
            headers: HeaderList::default(),
        };
        Ok(Self {
            subprotocol,
            ..Self::new(handshake, config)
        })
    }

    /// A client's end. `nonce` is 16 random bytes, which the server must prove to have read.
    ///
    /// # Errors
    /// [`InvalidArgument::Subprotocol`] for a name that could not be written.
    pub fn client(
        request: &ClientRequest,
        nonce: Nonce,
        mut config: Config,
    ) -> Result<Self, InvalidArgument> {
        check_subprotocols(&config.subprotocols)?;
        let subprotocols = std::mem::take(&mut config.subprotocols);
        let handshake = Handshake::Client {
            handshake: ClientHandshake::new(request, nonce, subprotocols),
            scanner: HeadScanner::default(),
        };
        Ok(Self::new(handshake, config))
    }

    fn new(handshake: Handshake, config: Config) -> Self {
        Self {
            phase: Phase::Connecting {
                started: false,
                queued: Vec::new(),
            },
            handshake,
            hybi: Hybi::new(config),
            outbox: Outbox::default(),
            subprotocol: None,
            response: None,
        }
    }
}

/// What the peer causes: feed bytes, then poll until nothing is left.
impl Connection {
    /// Stores bytes from the peer, and does nothing else; not even that once the connection is over.
    pub fn receive(&mut self, bytes: &[u8]) {
        self.hybi.receiver().receive(bytes);
    }

    /// The next message, if the next thing the peer caused is one. It changes no state that a handler
    /// could observe, so a run of messages may be collected before the first one is delivered.
    #[inline]
    pub fn poll_message(&mut self) -> Option<Message<'_>> {
        matches!(self.phase, Phase::Established).then(|| self.hybi.poll_message())?
    }

    /// The next thing the peer caused, or `None` when more bytes are needed. Advances the protocol by
    /// that one thing, so what a handler sees is the state at that moment.
    pub fn poll(&mut self) -> Option<Output<'_>> {
        match &mut self.phase {
            Phase::Established => self.hybi.poll(&mut self.outbox),
            Phase::Connecting { started: true, .. } => self.read_response().map(Output::Event),
            Phase::Connecting { .. } => None,
            Phase::Failed { untold } => untold.take().map(Output::Event),
        }
    }

    fn read_response(&mut self) -> Option<Event> {
        let Handshake::Client { handshake, scanner } = &mut self.handshake else {
            return None;
        };
        let inbox = &mut self.hybi.receiver().inbox;
        let judged = scanner
            .response(inbox.unread())
            .transpose()?
            .and_then(|(head, size)| {
                inbox.take(size);
                let head = self.response.insert(head);
                handshake.judge(head)
            });
        Some(match judged {
            Ok(subprotocol) => {
                self.subprotocol = subprotocol;
                self.establish()
            }
            Err(error) => {
                let [error, close] = self.fail(Error::Handshake(error));
                self.phase = Phase::Failed {
                    untold: Some(close),
                };
                error
            }
        })
    }
}

/// What the application causes. A command's bytes are in the outbox when it returns; its events are
/// returned, and come after the bytes. Commands never advance decoding.
impl Connection {
    /// Adds a header to the handshake. False once there is nothing to add it to.
    ///
    /// # Errors
    /// See [`HeaderList::set`].
    pub fn set_header(&mut self, name: &str, value: &str) -> Result<bool, InvalidArgument> {
        if !matches!(self.phase, Phase::Connecting { .. }) {
            return Ok(false);
        }
        match &mut self.handshake {
            Handshake::Server { headers, .. } => headers.set(name, value)?,
            Handshake::Client { handshake, .. } => handshake.headers().set(name, value)?,
        }
        Ok(true)
    }

    /// Starts the opening handshake: a server answers, a client asks. Accepted once, and by a server
    /// only if the request is a good one.
    pub fn start(&mut self) -> Caused {
        let Phase::Connecting {
            started: started @ false,
            ..
        } = &mut self.phase
        else {
            return Caused::default();
        };
        *started = true;
        match &mut self.handshake {
            Handshake::Client { handshake, .. } => {
                let request = handshake.request();
                self.outbox
                    .append(|bytes| bytes.extend_from_slice(request.as_bytes()));
                Caused {
                    accepted: true,
                    events: Vec::new(),
                }
            }
            Handshake::Server { request, headers } => {
                let (request, headers) = (std::mem::take(request), std::mem::take(headers));
                match server::accept(&request, self.subprotocol.as_deref(), headers) {
                    Ok(answer) => {
                        self.outbox
                            .append(|bytes| bytes.extend_from_slice(answer.as_bytes()));
                        Caused {
                            accepted: true,
                            events: vec![self.establish()],
                        }
                    }
                    Err(error) => {
                        let answer = server::refuse(&error);
                        self.outbox
                            .append(|bytes| bytes.extend_from_slice(answer.as_bytes()));
                        let events = self.fail(Error::Refused(error)).into();
                        Caused {
                            accepted: false,
                            events,
                        }
                    }
                }
            }
        }
    }

    /// Sends a message. False when the connection is closing or closed; before it is open, the message
    /// waits for that.
    #[inline]
    pub fn send(&mut self, kind: Kind, payload: &[u8]) -> bool {
        let opcode = match kind {
            Kind::Text => Opcode::Text,
            Kind::Binary => Opcode::Binary,
        };
        self.send_frame(opcode, payload)
    }

    /// Sends a ping. False as for [`send`](Self::send).
    ///
    /// # Errors
    /// [`InvalidArgument::ControlTooLong`] above 125 bytes, RFC 6455 §5.5.
    pub fn ping(&mut self, payload: &[u8]) -> Result<bool, InvalidArgument> {
        self.send_control(Opcode::Ping, payload)
    }

    /// Sends a pong that nobody asked for, RFC 6455 §5.5.3. False as for [`send`](Self::send).
    ///
    /// # Errors
    /// [`InvalidArgument::ControlTooLong`] above 125 bytes.
    pub fn pong(&mut self, payload: &[u8]) -> Result<bool, InvalidArgument> {
        self.send_control(Opcode::Pong, payload)
    }

    /// Closes: with a close frame when the connection is open, at once when it is not open yet. Not
    /// accepted when it is closing or closed. A reason above 123 bytes is cut between two characters.
    ///
    /// # Errors
    /// [`InvalidArgument::CloseCode`] for a code that must not travel.
    pub fn close(&mut self, code: u16, reason: &str) -> Result<Caused, InvalidArgument> {
        match self.phase {
            Phase::Failed { .. } => Ok(Caused::default()),
            Phase::Connecting { .. } => {
                self.give_up();
                let event = Event::Close {
                    code,
                    reason: reason.to_owned(),
                };
                Ok(Caused {
                    accepted: true,
                    events: vec![event],
                })
            }
            Phase::Established => {
                let code = CloseCode::to_send(code).ok_or(InvalidArgument::CloseCode(code))?;
                let accepted = self
                    .hybi
                    .close(&CloseFrame::new(code, reason), &mut self.outbox);
                Ok(Caused {
                    accepted,
                    events: Vec::new(),
                })
            }
        }
    }

    /// The transport is gone: forgets what waits in either direction, without a word.
    pub fn abandon(&mut self) {
        self.phase = Phase::Failed { untold: None };
        self.hybi.receiver().stop();
        self.outbox.clear();
    }

    /// The bytes to write. Whoever has written them clears it.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<bool, InvalidArgument> {
        if payload.len() as u64 > MAX_CONTROL_PAYLOAD {
            return Err(InvalidArgument::ControlTooLong(payload.len()));
        }
        Ok(self.send_frame(opcode, payload))
    }

    #[inline]
    fn send_frame(&mut self, opcode: Opcode, payload: &[u8]) -> bool {
        match &mut self.phase {
            Phase::Established => self.hybi.send(opcode, payload, &mut self.outbox),
            Phase::Connecting { queued, .. } => {
                queued.push((opcode, payload.to_vec()));
                true
            }
            Phase::Failed { .. } => false,
        }
    }

    /// From now on frames flow, those first that have been waiting.
    fn establish(&mut self) -> Event {
        let before = std::mem::replace(&mut self.phase, Phase::Established);
        if let Phase::Connecting { queued, .. } = before {
            for (opcode, payload) in queued {
                self.hybi.send(opcode, &payload, &mut self.outbox);
            }
        }
        Event::Open
    }

    fn fail(&mut self, error: Error) -> [Event; 2] {
        self.give_up();
        let reason = error.to_string();
        [
            Event::Error(error),
            Event::Close {
                code: CloseCode::PROTOCOL_ERROR.get(),
                reason,
            },
        ]
    }

    /// Ends a connection that has not been established. What is in the outbox is still to be written.
    fn give_up(&mut self) {
        self.phase = Phase::Failed { untold: None };
        self.hybi.receiver().stop();
    }
}

/// What can be read at any time.
impl Connection {
    /// Where the connection stands.
    #[must_use]
    pub fn ready_state(&self) -> ReadyState {
        match self.phase {
            Phase::Failed { .. } => ReadyState::Closed,
            Phase::Connecting { started: false, .. }
                if matches!(self.handshake, Handshake::Client { .. }) =>
            {
                ReadyState::Unstarted
            }
            Phase::Connecting { .. } => ReadyState::Connecting,
            Phase::Established => match self.hybi.phase() {
                HybiPhase::Open => ReadyState::Open,
                HybiPhase::Closing => ReadyState::Closing,
                HybiPhase::Closed => ReadyState::Closed,
            },
        }
    }

    /// The subprotocol in use: a server knows it from the beginning, a client from the answer.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// The server's answer to a client, as soon as it has arrived, good or bad.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseHead> {
        self.response.as_ref()
    }

    /// Bytes accepted and not handed out for writing, in the outbox or waiting for the handshake.
    #[must_use]
    pub fn buffered_amount(&self) -> usize {
        let waiting = match &self.phase {
            Phase::Connecting { queued, .. } => {
                queued.iter().map(|(_, payload)| payload.len()).sum()
            }
            _ => 0,
        };
        self.outbox.bytes().len() + waiting
    }
}

fn check_subprotocols(names: &[String]) -> Result<(), InvalidArgument> {
    match names.iter().find(|name| name.contains(char::is_control)) {
        Some(bad) => Err(InvalidArgument::Subprotocol(bad.clone())),
        None => Ok(()),
    }
}
