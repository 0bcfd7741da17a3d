//! One connection, from the opening handshake to the close.
//!
//! Knows which protocol it speaks, which phase it is in, and what may be sent then. Does not know how
//! it is opened (see `opening.rs`), nor sockets, timers or threads.

mod opening;

use std::collections::VecDeque;

use crate::close::{CloseCode, CloseFrame};
use crate::config::Config;
use crate::error::{InvalidArgument, ProtocolError};
use crate::extension::negotiation::Negotiation;
use crate::handshake::Version;
use crate::handshake::accept::Nonce;
use crate::handshake::client::{ClientHandshake, ClientRequest};
use crate::handshake::server;
use crate::hixie::draft76::KeyNumbers;
use crate::hixie::{self, Closing, Hixie};
use crate::http::head::{HeadScanner, ResponseHead};
use crate::http::headers::HeaderList;
use crate::http::request::Request;
use crate::hybi::decoder::MAX_CONTROL_PAYLOAD;
use crate::hybi::frame::{Opcode, Rsv};
use crate::hybi::prepared::Prepared;
use crate::hybi::{Hybi, Phase as HybiPhase};
use crate::memory::{self, NoMemory};
use crate::outbox::Outbox;
use crate::output::{Caused, Error, Event, Form, Kind, Message, Output};
use crate::utf8::is_utf8;

/// A WebSocket connection without a socket. See the [crate] documentation for how to drive it.
#[derive(Debug)]
pub struct Connection {
    phase: Phase,
    handshake: Handshake,
    protocol: Protocol,
    negotiation: Negotiation,
    max_length: usize,
    outbox: Outbox,
    /// What the last thing the peer caused has caused in turn, and nobody has been told yet.
    untold: VecDeque<Event>,
    /// None before it is known; then which one is in use, if any.
    subprotocol: Option<Option<String>>,
    response: Option<ResponseHead>,
}

#[derive(Debug)]
enum Phase {
    /// The opening handshake is not complete. Messages sent now wait here.
    Connecting {
        progress: Progress,
        queued: Vec<Queued>,
    },
    /// Frames flow; the [`Protocol`] knows the rest.
    Established,
    /// Over before it was established, or abandoned.
    Failed,
}

/// What was sent before frames could flow.
#[derive(Debug)]
struct Queued {
    opcode: Opcode,
    form: Form,
    payload: Vec<u8>,
    /// Somebody waits for it to leave.
    is_marked: bool,
}

/// How far an opening handshake has come.
#[derive(Clone, Copy, Debug)]
enum Progress {
    /// Nobody has said anything.
    Unstarted,
    /// Neither, and more has arrived than may wait for it.
    Flooded,
    /// A client has asked.
    Asked,
    /// A client has got a good answer, and its extensions are being activated.
    Activating,
    /// A hixie-76 server has answered; the body of the request decides how it goes on.
    AwaitingBody(KeyNumbers),
}

#[derive(Debug)]
enum Handshake {
    Server {
        request: Request,
        version: Version,
        headers: HeaderList,
    },
    Client {
        handshake: ClientHandshake,
        scanner: HeadScanner,
    },
}

#[derive(Debug)]
enum Protocol {
    Hybi(Hybi),
    Hixie(Hixie),
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
    /// 2: we have begun to close.
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
        let version = Version::of(&request, config.drafts);
        let subprotocol = match version {
            Version::Hybi13 => server::select_subprotocol(&request, &config.subprotocols),
            Version::Hixie75 | Version::Hixie76 => None,
        };
        let handshake = Handshake::Server {
            request,
            version,
            headers: HeaderList::default(),
        };
        Ok(Self {
            subprotocol: Some(subprotocol),
            ..Self::new(handshake, version, config)
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
        Ok(Self::new(handshake, Version::Hybi13, config))
    }

    fn new(handshake: Handshake, version: Version, config: Config) -> Self {
        let max_length = config.max_length;
        let protocol = match version {
            Version::Hybi13 => Protocol::Hybi(Hybi::new(config)),
            Version::Hixie76 => Protocol::Hixie(Hixie::new(Closing::Frame, max_length)),
            Version::Hixie75 => Protocol::Hixie(Hixie::new(Closing::Silent, max_length)),
        };
        Self {
            phase: Phase::Connecting {
                progress: Progress::Unstarted,
                queued: Vec::new(),
            },
            handshake,
            protocol,
            negotiation: Negotiation::default(),
            max_length,
            outbox: Outbox::default(),
            untold: VecDeque::new(),
            subprotocol: None,
            response: None,
        }
    }
}

/// What the peer causes: feed bytes, then poll until nothing is left.
impl Connection {
    /// Stores bytes from the peer, and does nothing else; not even that once the connection is over, or
    /// when too much waits for its start.
    pub fn receive(&mut self, bytes: &[u8]) {
        if self.is_unstarted() && !self.may_wait() {
            return;
        }
        match &mut self.protocol {
            _ if matches!(self.phase, Phase::Failed) => {}
            Protocol::Hybi(hybi) => hybi.receiver().receive(bytes),
            Protocol::Hixie(hixie) => hixie.receive(bytes),
        }
    }

    /// The next message, if the next thing the peer caused is one. It changes no state that a handler
    /// could observe, so a run of messages may be collected before the first one is delivered.
    #[inline]
    pub fn poll_message(&mut self) -> Option<Message<'_>> {
        match &mut self.protocol {
            Protocol::Hybi(hybi)
                if self.untold.is_empty() && matches!(self.phase, Phase::Established) =>
            {
                hybi.poll_message()
            }
            _ => None,
        }
    }

    /// The next thing the peer caused, or `None` when more bytes are needed. Advances the protocol by
    /// that one thing, so what a handler sees is the state at that moment.
    pub fn poll(&mut self) -> Option<Output<'_>> {
        if let Some(event) = self.untold.pop_front() {
            return Some(Output::Event(event));
        }
        if self.outbox.take_loss() {
            let mut events = VecDeque::new();
            self.exhausted(&mut events);
            self.untold = events;
            return Output::of(&self.outbox, &mut self.untold);
        }
        if let Phase::Connecting { progress, .. } = self.phase {
            match progress {
                Progress::Asked => self.read_response()?,
                Progress::AwaitingBody(numbers) => self.read_body(numbers)?,
                Progress::Flooded => self.refuse_flood(),
                Progress::Unstarted | Progress::Activating => return None,
            }
            return Output::of(&self.outbox, &mut self.untold);
        }
        match &mut self.protocol {
            _ if matches!(self.phase, Phase::Failed) => None,
            Protocol::Hybi(hybi) => hybi.poll(&mut self.outbox, &mut self.untold),
            Protocol::Hixie(hixie) => hixie.poll(&mut self.outbox, &mut self.untold),
        }
    }

    /// What sessions outside the core have made of an [`Output::Transform`]: true when it may be
    /// delivered. Else it breaks a rule, and the events say so.
    pub fn transformed(&mut self, kind: Kind, payload: &[u8]) -> Caused {
        let violation = if payload.len() > self.max_length {
            Some(ProtocolError::TooLarge)
        } else if kind == Kind::Text && !is_utf8(payload) {
            Some(ProtocolError::InvalidUtf8)
        } else {
            None
        };
        let mut events = VecDeque::new();
        if let (Some(error), Phase::Established, Protocol::Hybi(hybi)) =
            (violation, &self.phase, &mut self.protocol)
        {
            hybi.fail(error, &mut self.outbox, &mut events);
        }
        self.caused(violation.is_none(), events)
    }
}

/// What the application causes. A command's bytes are in the outbox when it returns; its events are
/// returned, and come after the bytes. Commands never advance decoding.
impl Connection {
    /// Sends a message. False when the connection is closing or closed, and for binary messages of the
    /// drafts, which have none; before it is open, the message waits for that.
    #[inline]
    pub fn send(&mut self, kind: Kind, payload: &[u8]) -> bool {
        self.send_in(Form::Negotiated, kind, payload)
    }

    /// [`send`](Self::send) in this form.
    #[inline]
    pub fn send_in(&mut self, form: Form, kind: Kind, payload: &[u8]) -> bool {
        self.send_frame(Opcode::from(kind), form, payload)
    }

    /// Sends a message that was made for many connections, with the frames that it has ready. What is
    /// received, and what is returned, is as for [`send`](Self::send).
    #[inline]
    pub fn send_prepared(&mut self, prepared: &Prepared) -> bool {
        self.send_prepared_in(Form::Negotiated, prepared)
    }

    /// [`send_prepared`](Self::send_prepared) in this form.
    #[inline]
    pub fn send_prepared_in(&mut self, form: Form, prepared: &Prepared) -> bool {
        match (&self.phase, &mut self.protocol) {
            (Phase::Established, Protocol::Hybi(hybi)) => {
                hybi.send_prepared(prepared, form, &mut self.outbox)
            }
            _ => self.send_in(form, prepared.kind(), prepared.payload()),
        }
    }

    /// Sends a message that sessions outside the core have transformed.
    pub fn send_transformed(&mut self, kind: Kind, rsv: Rsv, payload: &[u8]) -> bool {
        match (&self.phase, &mut self.protocol) {
            (Phase::Established, Protocol::Hybi(hybi)) => {
                hybi.send_transformed(Opcode::from(kind), rsv, payload, &mut self.outbox)
            }
            _ => false,
        }
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
    /// The drafts close without code and reason.
    ///
    /// # Errors
    /// [`InvalidArgument::CloseCode`] for a code that must not travel.
    pub fn close(&mut self, code: u16, reason: &str) -> Result<Caused, InvalidArgument> {
        let mut events = VecDeque::new();
        let accepted = match (&self.phase, &mut self.protocol) {
            (Phase::Failed, _) => false,
            (Phase::Connecting { .. }, protocol) => {
                events.push_back(match protocol {
                    Protocol::Hybi(_) => Event::Close {
                        code: Some(code),
                        reason: Some(reason.to_owned()),
                    },
                    Protocol::Hixie(_) => hixie::CLOSE,
                });
                self.give_up();
                true
            }
            (Phase::Established, Protocol::Hybi(hybi)) => {
                let code = CloseCode::to_send(code).ok_or(InvalidArgument::CloseCode(code))?;
                hybi.close(CloseFrame::new(code, reason), &mut self.outbox, &mut events)
            }
            (Phase::Established, Protocol::Hixie(hixie)) => {
                let accepted = hixie.close(&mut self.outbox);
                events.extend(accepted.then_some(hixie::CLOSE));
                accepted
            }
        };
        Ok(self.caused(accepted, events))
    }

    /// Fails an open connection because an extension did. A code that must not travel becomes 1010.
    pub fn fail_extension(&mut self, code: u16, message: &str) -> Caused {
        let mut events = VecDeque::new();
        if let (Phase::Established, Protocol::Hybi(hybi)) = (&self.phase, &mut self.protocol) {
            let code = CloseCode::to_send(code).unwrap_or(CloseCode::EXTENSION_ERROR);
            let error = Error::Extension(message.to_owned());
            hybi.fail_with(
                CloseFrame::new(code, message),
                error,
                &mut self.outbox,
                &mut events,
            );
        }
        self.caused(true, events)
    }

    /// The sessions outside the core have finished, as [`Event::Drain`] asked.
    pub fn drained(&mut self) -> Caused {
        let mut events = VecDeque::new();
        if let (Phase::Established, Protocol::Hybi(hybi)) = (&self.phase, &mut self.protocol) {
            hybi.drained(&mut self.outbox, &mut events);
        }
        self.caused(true, events)
    }

    /// Does one slice of the work that [`has_work`](Self::has_work) speaks of.
    pub fn work(&mut self) -> Caused {
        let mut events = VecDeque::new();
        if self.has_faulted() {
            events.append(&mut self.untold);
        } else if self.outbox.take_loss() {
            self.exhausted(&mut events);
        } else if let (Phase::Established, Protocol::Hybi(hybi)) = (&self.phase, &mut self.protocol)
        {
            hybi.work(&mut self.outbox, &mut events);
        }
        self.caused(true, events)
    }

    /// Marks the end of the message that has just been accepted: [`Outbox::take_passed`] tells when it has
    /// left, wherever it waits now. Those that were made with `send_transformed` are marked like others.
    pub fn mark(&mut self) {
        // What is lost never leaves.
        if self.outbox.has_lost() {
            return;
        }
        match (&mut self.phase, &mut self.protocol) {
            (Phase::Connecting { queued, .. }, _) => {
                if let Some(last) = queued.last_mut() {
                    last.is_marked = true;
                }
            }
            (Phase::Established, Protocol::Hybi(hybi)) => hybi.mark(&mut self.outbox),
            _ => self.outbox.mark(),
        }
    }

    /// Nobody can be written to any more: forgets what waits for that. What has arrived is still there.
    pub fn drop_output(&mut self) -> Caused {
        self.outbox.discard();
        let mut events = VecDeque::new();
        if let (Phase::Established, Protocol::Hybi(hybi)) = (&self.phase, &mut self.protocol) {
            hybi.drop_output(&mut self.outbox, &mut events);
        }
        self.caused(true, events)
    }

    /// The transport is gone: forgets what waits in either direction, without a word.
    pub fn abandon(&mut self) {
        self.give_up();
        self.untold.clear();
        self.outbox.discard();
    }

    /// A method has panicked, and the caller has caught that: nothing in here can be relied on. Forgets
    /// everything and ends with [`Error::Internal`], which `poll` and [`work`](Self::work) tell. No close
    /// frame is sent: half of another frame may have been.
    pub fn fault(&mut self) {
        // Closed is not enough: what panicked may have been about to say so.
        let is_over = matches!(self.phase, Phase::Failed) && self.untold.is_empty();
        self.abandon();
        if !is_over {
            let close = match &self.protocol {
                Protocol::Hybi(_) => Event::Close {
                    code: Some(ABNORMAL),
                    reason: Some(String::new()),
                },
                Protocol::Hixie(_) => hixie::CLOSE,
            };
            self.untold.extend([Event::Error(Error::Internal), close]);
        }
    }

    /// There is no memory for something that the peer has sent, or that waits for it. The connection fails, which
    /// `poll` and [`work`](Self::work) tell.
    pub fn exhaust(&mut self) {
        self.outbox.lose();
    }

    /// Fails because of that: with a close frame when the connection is open.
    fn exhausted(&mut self, events: &mut VecDeque<Event>) {
        match (&self.phase, &mut self.protocol) {
            (Phase::Failed, _) => {}
            (Phase::Connecting { .. }, _) => {
                events.extend(self.fail(Error::Protocol(ProtocolError::NoMemory)));
            }
            (Phase::Established, Protocol::Hybi(hybi)) => hybi.exhausted(&mut self.outbox, events),
            (Phase::Established, Protocol::Hixie(hixie)) => {
                events.extend(hixie.close(&mut self.outbox).then_some(hixie::CLOSE));
            }
        }
    }

    /// The bytes to write. Whoever has written them clears it.
    pub fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    fn send_control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<bool, InvalidArgument> {
        if payload.len() as u64 > MAX_CONTROL_PAYLOAD {
            return Err(InvalidArgument::ControlTooLong(payload.len()));
        }
        Ok(self.send_frame(opcode, Form::Plain, payload))
    }

    #[inline]
    fn send_frame(&mut self, opcode: Opcode, form: Form, payload: &[u8]) -> bool {
        match (&mut self.phase, &mut self.protocol) {
            (Phase::Failed, _) => false,
            (Phase::Established, Protocol::Hybi(hybi)) => {
                hybi.send(opcode, form, payload, &mut self.outbox)
            }
            (_, Protocol::Hixie(_)) if opcode != Opcode::Text => false,
            (Phase::Established, Protocol::Hixie(hixie)) => hixie.send(payload, &mut self.outbox),
            (Phase::Connecting { queued, .. }, _) => {
                match memory::copy_of(payload) {
                    Ok(payload) => queued.push(Queued {
                        opcode,
                        form,
                        payload,
                        is_marked: false,
                    }),
                    Err(NoMemory) => self.outbox.lose(),
                }
                true
            }
        }
    }

    /// What a command may have caused, the end among it: nothing follows that, not even what the peer
    /// caused before and nobody has polled yet.
    fn caused(&mut self, accepted: bool, events: impl IntoIterator<Item = Event>) -> Caused {
        let caused = Caused::new(accepted, events);
        if self.ready_state() == ReadyState::Closed && !caused.events.is_empty() {
            self.untold.clear();
        }
        caused
    }

    /// Stops, and gives all memory back. What is in the outbox is still to be written.
    fn give_up(&mut self) {
        self.phase = Phase::Failed;
        self.stop_receiving();
    }

    fn stop_receiving(&mut self) {
        match &mut self.protocol {
            Protocol::Hybi(hybi) => hybi.stop(),
            Protocol::Hixie(hixie) => hixie.stop(),
        }
    }
}

/// What can be read at any time.
impl Connection {
    /// Where the connection stands.
    #[must_use]
    pub fn ready_state(&self) -> ReadyState {
        match (&self.phase, &self.protocol) {
            (Phase::Failed, _) => ReadyState::Closed,
            (Phase::Connecting { .. }, _) => match self.handshake {
                Handshake::Client { .. } if self.is_unstarted() => ReadyState::Unstarted,
                _ => ReadyState::Connecting,
            },
            (Phase::Established, Protocol::Hixie(hixie)) if hixie.is_closed() => ReadyState::Closed,
            (Phase::Established, Protocol::Hixie(_)) => ReadyState::Open,
            (Phase::Established, Protocol::Hybi(hybi)) => match hybi.phase() {
                HybiPhase::Open => ReadyState::Open,
                HybiPhase::Closing(_) | HybiPhase::Ending => ReadyState::Closing,
                HybiPhase::Closed => ReadyState::Closed,
            },
        }
    }

    /// The longest message that is received, in bytes.
    #[must_use]
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Which protocol the connection speaks.
    #[must_use]
    pub fn version(&self) -> Version {
        match &self.handshake {
            Handshake::Server { version, .. } => *version,
            Handshake::Client { .. } => Version::Hybi13,
        }
    }

    /// The subprotocol in use: a server knows it from the beginning, a client from the answer.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_ref()?.as_deref()
    }

    /// Whether it is known which subprotocol is in use, or that there is none. After an answer that chose one
    /// that was not offered, there is none.
    #[must_use]
    pub fn knows_subprotocol(&self) -> bool {
        self.subprotocol.is_some()
    }

    /// The server's answer to a client, as soon as it has arrived, good or bad.
    #[must_use]
    pub fn response(&self) -> Option<&ResponseHead> {
        self.response.as_ref()
    }

    /// Whether [`poll`](Self::poll) has to be asked when [`poll_message`](Self::poll_message) has nothing.
    #[must_use]
    pub fn needs_poll(&self) -> bool {
        if self.outbox.has_lost() {
            return true;
        }
        match (&self.phase, &self.protocol) {
            (Phase::Failed, _) => !self.untold.is_empty(),
            (Phase::Established, Protocol::Hybi(hybi)) => {
                !self.untold.is_empty() || hybi.needs_poll()
            }
            _ => true,
        }
    }

    /// Whether bytes have arrived that nothing has come of yet, or something is still to be told.
    #[must_use]
    pub fn has_unread(&self) -> bool {
        !self.untold.is_empty()
            || match &self.protocol {
                Protocol::Hybi(hybi) => hybi.has_unread(),
                Protocol::Hixie(hixie) => hixie.has_unread(),
            }
    }

    /// Whether a large message is being compressed. What is sent meanwhile waits for it, and all of it
    /// for [`work`](Self::work), which is to be called when other connections have had their turn. The
    /// last work of a connection that has [faulted](Self::fault), or has no [memory](Self::exhaust), is to tell
    /// so.
    #[must_use]
    pub fn has_work(&self) -> bool {
        matches!(&self.protocol, Protocol::Hybi(hybi) if hybi.has_work())
            || self.has_faulted()
            || self.outbox.has_lost()
    }

    /// Whether it has [faulted](Self::fault), and that is still to be told.
    #[must_use]
    pub fn has_faulted(&self) -> bool {
        matches!(self.untold.front(), Some(Event::Error(Error::Internal)))
    }

    /// Bytes accepted and not handed out for writing: in the outbox, waiting for the handshake or for
    /// their turn to be compressed.
    #[must_use]
    pub fn buffered_amount(&self) -> usize {
        let queued = match &self.phase {
            Phase::Connecting { queued, .. } => {
                queued.iter().map(|frame| frame.payload.len()).sum()
            }
            Phase::Established | Phase::Failed => 0,
        };
        self.waiting() + queued
    }

    /// The same without those that wait for the handshake.
    #[must_use]
    #[inline]
    pub fn waiting(&self) -> usize {
        let compressing = match &self.protocol {
            Protocol::Hybi(hybi) => hybi.waiting_bytes(),
            Protocol::Hixie(_) => 0,
        };
        self.outbox.bytes().len() + compressing
    }
}

/// RFC 6455 §7.1.5: the connection was closed, and no close frame was received.
const ABNORMAL: u16 = 1006;

fn check_subprotocols(names: &[String]) -> Result<(), InvalidArgument> {
    match names.iter().find(|name| name.contains(char::is_control)) {
        Some(bad) => Err(InvalidArgument::Subprotocol(bad.clone())),
        None => Ok(()),
    }
}
