//! The opening handshake of a connection, in either role: from nothing to frames.
//!
//! Knows how far the handshake has come, and what opens the connection or ends it. Does not know the
//! words of requests and answers, nor what happens once frames flow.

use super::{Connection, Handshake, Phase, Progress, Protocol, Queued};
use crate::close::CloseCode;
use crate::error::{HandshakeError, InvalidArgument};
use crate::extension::negotiation::{Negotiation, Transformer};
use crate::handshake::Version;
use crate::handshake::server;
use crate::hixie::draft76::{self, KeyNumbers};
use crate::hixie::{self, draft75};
use crate::http::request::Request;
use crate::output::{Caused, Error, Event, Kind};

/// Commands of the opening handshake. Like all commands they return their events, and their bytes are
/// in the outbox.
impl Connection {
    /// Adds a header to the handshake. False once there is nothing to add it to.
    ///
    /// # Errors
    /// See [`HeaderList::set`](crate::http::headers::HeaderList::set).
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
        if !self.is_unstarted() {
            return Caused::default();
        }
        if self.is_flooded() {
            return self.refuse(HandshakeError::Flooded);
        }
        match &mut self.handshake {
            Handshake::Client { handshake, .. } => {
                let offer = self.negotiation.header();
                let request = handshake.request(offer.as_deref());
                self.write(&request);
                self.progress(Progress::Asked);
                Caused::new(true, [])
            }
            Handshake::Server { .. } => match self.answer() {
                Ok(events) => Caused::new(true, events),
                Err(error) => self.refuse(error),
            },
        }
    }

    /// The negotiation of extensions whose sessions live outside the core, when it is time for it: on a
    /// server before [`start`](Self::start), if the request is a good one; on a client before
    /// [`start`](Self::start), and again after [`Event::Activate`].
    pub fn negotiation(&mut self) -> Option<&mut Negotiation> {
        match (&self.phase, &self.handshake, &self.protocol) {
            (
                Phase::Connecting {
                    progress: Progress::Unstarted,
                    ..
                },
                Handshake::Server { request, .. },
                Protocol::Hybi(_),
            ) => {
                server::judge(request).ok()?;
                receive_offers(&mut self.negotiation, request).ok()?;
                Some(&mut self.negotiation)
            }
            (
                Phase::Connecting {
                    progress: Progress::Unstarted | Progress::Activating,
                    ..
                },
                Handshake::Client { .. },
                _,
            ) => Some(&mut self.negotiation),
            _ => None,
        }
    }

    /// The client's extensions have been activated: the connection opens.
    pub fn activated(&mut self) -> Caused {
        match self.phase {
            Phase::Connecting {
                progress: Progress::Activating,
                ..
            } => {
                let events = self.establish();
                Caused::new(true, events)
            }
            _ => Caused::default(),
        }
    }

    /// Fails an opening handshake: a server answers 400, a client just ends.
    pub fn refuse(&mut self, error: HandshakeError) -> Caused {
        let may = match self.handshake {
            Handshake::Client { .. } => matches!(self.phase, Phase::Connecting { .. }),
            // Not a second time: hixie-76 goes on connecting after its answer.
            Handshake::Server { .. } => self.is_unstarted(),
        };
        if !may {
            return Caused::default();
        }
        let error = match self.handshake {
            Handshake::Client { .. } => Error::Handshake(error),
            Handshake::Server { .. } => {
                let answer = server::refuse(&error);
                self.write(&answer);
                Error::Refused(error)
            }
        };
        let events = self.fail(error);
        self.caused(false, events)
    }
}

/// What the peer causes.
impl Connection {
    pub(super) fn read_response(&mut self) -> Option<()> {
        let Handshake::Client { handshake, scanner } = &mut self.handshake else {
            return None;
        };
        let Protocol::Hybi(hybi) = &mut self.protocol else {
            return None;
        };
        let inbox = &mut hybi.receiver().inbox;
        let found = match scanner.response(inbox.unread()) {
            // The rest has been dropped.
            Ok(None) if inbox.is_cut() => Err(HandshakeError::MalformedResponse),
            found => found.transpose()?,
        };
        let judged = found.and_then(|(head, size)| {
            inbox.take(size);
            let head = self.response.insert(head);
            handshake.judge(head)?;
            let chosen = self.subprotocol.insert(None);
            *chosen = handshake.subprotocol(head)?;
            let extensions = head.header("sec-websocket-extensions");
            let invalid = || HandshakeError::InvalidExtensions(extensions.unwrap_or("").to_owned());
            self.negotiation
                .receive(extensions)
                .map_err(|_| invalid())?;
            match self.negotiation.unknown() {
                Some(name) => Err(HandshakeError::UnknownExtension(name.to_owned())),
                None => Ok(()),
            }
        });
        let events = match judged {
            Err(error) => self.fail(Error::Handshake(error)),
            Ok(()) => {
                if self.negotiation.received().is_empty() {
                    self.establish()
                } else {
                    self.progress(Progress::Activating);
                    vec![Event::Activate]
                }
            }
        };
        self.untold.extend(events);
        Some(())
    }

    /// Whether more may wait for the start. If not, what waits is dropped: [`poll`](Self::poll), or the
    /// start, refuses the handshake.
    pub(super) fn may_wait(&mut self) -> bool {
        if !self.is_flooded() && self.waits_for_start() >= MAX_BEFORE_START {
            self.stop_receiving();
            self.progress(Progress::Flooded);
        }
        !self.is_flooded()
    }

    pub(super) fn refuse_flood(&mut self) {
        let caused = self.refuse(HandshakeError::Flooded);
        self.untold.extend(caused.events);
    }

    /// Bytes that wait for the start.
    fn waits_for_start(&self) -> usize {
        match &self.protocol {
            _ if !self.is_unstarted() => 0,
            Protocol::Hybi(hybi) => hybi.inbox().unread().len(),
            Protocol::Hixie(hixie) => hixie.inbox().unread().len(),
        }
    }

    pub(super) fn read_body(&mut self, numbers: KeyNumbers) -> Option<()> {
        let Protocol::Hixie(hixie) = &mut self.protocol else {
            return None;
        };
        let signature = draft76::signature(numbers, hixie.take_body()?);
        self.outbox.push(&signature);
        let events = self.establish();
        self.untold.extend(events);
        Some(())
    }
}

impl Connection {
    /// A server's answer to a good request, and what it causes. The request is not needed again.
    fn answer(&mut self) -> Result<Vec<Event>, HandshakeError> {
        let Handshake::Server {
            request,
            version,
            headers,
        } = &mut self.handshake
        else {
            return Err(HandshakeError::NotWebSocket);
        };
        let (request, headers) = (std::mem::take(request), std::mem::take(headers));
        match version {
            Version::Hybi13 => {
                let key = server::judge(&request)?;
                receive_offers(&mut self.negotiation, &request)?;
                let extensions = self.negotiation.header();
                let subprotocol = self.subprotocol.as_ref().and_then(Option::as_deref);
                let answer = server::accept(key, subprotocol, extensions.as_deref(), headers);
                self.write(&answer);
                Ok(self.establish())
            }
            Version::Hixie75 => {
                let answer = draft75::accept(&request, &headers)?;
                self.write(&answer);
                Ok(self.establish())
            }
            Version::Hixie76 => {
                let (answer, numbers) = draft76::accept(&request, &headers)?;
                self.write(&answer);
                self.progress(Progress::AwaitingBody(numbers));
                // A body that is there already ends the handshake at once.
                let _ = self.read_body(numbers);
                Ok(std::mem::take(&mut self.untold).into())
            }
        }
    }

    /// From now on frames flow, those first that have been waiting.
    fn establish(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        let transformer = std::mem::take(&mut self.negotiation).transformer();
        let has_sessions = matches!(transformer, Some(Transformer::Sessions(_)));
        if let Protocol::Hybi(hybi) = &mut self.protocol {
            match transformer {
                Some(Transformer::Deflate(agreed)) => hybi.compress(&agreed, self.max_length),
                Some(Transformer::Sessions(bits)) => hybi.transform(bits),
                None => {}
            }
        }
        let before = std::mem::replace(&mut self.phase, Phase::Established);
        if let Phase::Connecting { queued, .. } = before {
            for Queued {
                opcode,
                form,
                payload,
                is_marked,
            } in queued
            {
                match Kind::of(opcode) {
                    Some(kind) if has_sessions => events.push(Event::Outgoing {
                        kind,
                        form,
                        payload,
                        is_marked,
                    }),
                    _ => {
                        self.send_frame(opcode, form, &payload);
                        if is_marked {
                            self.mark();
                        }
                    }
                }
            }
        }
        events.push(Event::Open);
        events
    }

    pub(super) fn fail(&mut self, error: Error) -> Vec<Event> {
        self.give_up();
        let close = match self.protocol {
            Protocol::Hybi(_) => Event::Close {
                code: Some(match &error {
                    Error::Protocol(error) => error.close_code().get(),
                    _ => CloseCode::PROTOCOL_ERROR.get(),
                }),
                reason: Some(error.to_string()),
            },
            Protocol::Hixie(_) => hixie::CLOSE,
        };
        vec![Event::Error(error), close]
    }

    fn progress(&mut self, to: Progress) {
        if let Phase::Connecting { progress, .. } = &mut self.phase {
            *progress = to;
        }
    }

    fn write(&mut self, head: &str) {
        self.outbox.push(head.as_bytes());
    }

    pub(super) fn is_unstarted(&self) -> bool {
        matches!(
            self.phase,
            Phase::Connecting {
                progress: Progress::Unstarted | Progress::Flooded,
                ..
            }
        )
    }

    fn is_flooded(&self) -> bool {
        matches!(
            self.phase,
            Phase::Connecting {
                progress: Progress::Flooded,
                ..
            }
        )
    }
}

/// What can be read at any time.
impl Connection {
    /// Whether so much waits for [`start`](Self::start) that nothing more should be read until then. RFC
    /// 6455 §4.1 has a client wait for the answer, so little comes before it; a peer that goes on sending
    /// fails the handshake at 1 MiB.
    #[must_use]
    pub fn has_enough(&self) -> bool {
        self.waits_for_start() >= ENOUGH_BEFORE_START
    }
}

/// What is worth reading before the start: as much as Node reads at a time.
const ENOUGH_BEFORE_START: usize = 64 * 1024;
/// What is kept before the start. The bytes that bring it above that are kept as well.
const MAX_BEFORE_START: usize = 1024 * 1024;

/// Reads what a client offers, once.
fn receive_offers(negotiation: &mut Negotiation, request: &Request) -> Result<(), HandshakeError> {
    let offers = request.header("sec-websocket-extensions");
    if !negotiation.received().is_empty() {
        return Ok(());
    }
    let invalid = |_| HandshakeError::InvalidExtensions(offers.unwrap_or_default().to_owned());
    negotiation.receive(offers).map_err(invalid)
}
