//! The state of an opening handshake: its stage, and the bytes and messages that wait for it.
//!
//! `crate::handshake` contains the requests and responses. `opening.rs` contains the commands and
//! events.

use super::State;
use super::sending::{Queued, Sent};
use crate::close::CloseCode;
use crate::error::{HandshakeError, InvalidArgument};
use crate::extension::header::parse;
use crate::extension::negotiation::{Negotiated, Negotiation};
use crate::handshake::client::ClientHandshake;
use crate::handshake::server;
use crate::hixie::draft75;
use crate::hixie::draft76::{self, KeyNumbers};
use crate::http::head::{HeadScanner, ResponseHead};
use crate::http::headers::HeaderList;
use crate::http::request::Request;
use crate::inbox::Inbox;
use crate::memory::{self, NoMemory};
use crate::outbox::Outbox;
use crate::output::Error;
use crate::policy::{CloseCodes, Manner, Policy, TextCheck};
use crate::version::Version;

/// A connection during its opening handshake.
#[derive(Debug)]
pub(super) struct Opening {
    stage: Stage,
    policy: Policy,
    /// The headers of a client's request or a server's response.
    pub(super) headers: HeaderList,
    negotiation: Negotiation,
    /// Received bytes that no stage has taken.
    inbox: Inbox,
    /// Frames sent before the connection opened, in order.
    pub(super) queued: Vec<Queued>,
}

/// The stage of an opening handshake.
#[derive(Debug)]
enum Stage {
    /// A server before its response.
    Server(Request),
    /// A client before its request.
    Client(ClientHandshake),
    /// Either role before `start`, after too many bytes have arrived.
    Flooded(Role),
    /// A client after its request.
    Asked(ClientHandshake, HeadScanner),
    /// A client after a valid response, while its extensions are activated.
    Activating,
    /// A hixie-76 server after its response. The handshake continues with the body of the request.
    AwaitingBody(KeyNumbers),
}

#[derive(Clone, Copy, Debug)]
enum Role {
    Server,
    Client,
}

/// The results of the opening handshake, for the life of the connection.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) version: Version,
    /// `None` until the subprotocol is known, then the subprotocol in use, if any.
    pub(super) subprotocol: Option<Option<String>>,
    /// The server's response to a client.
    pub(super) response: Option<Box<ResponseHead>>,
    /// The maximum length of a received message, in bytes.
    pub(super) max_message: usize,
    pub(super) text: TextCheck,
    pub(super) manner: &'static Manner,
}

impl Settled {
    pub(super) fn new(
        version: Version,
        subprotocol: Option<Option<String>>,
        policy: &Policy,
    ) -> Self {
        Self {
            version,
            subprotocol,
            response: None,
            max_message: policy.max_message,
            text: policy.text,
            manner: policy.manner,
        }
    }

    /// Checks a close code from the application.
    pub(super) fn code_to_send(&self, code: u16) -> Result<CloseCode, InvalidArgument> {
        match self.manner.close_codes {
            CloseCodes::Any => Ok(CloseCode::any(code)),
            CloseCodes::Defined => CloseCode::to_send(code).ok_or(InvalidArgument::CloseCode(code)),
        }
    }
}

/// The next step after an advance of the handshake.
pub(super) enum Next {
    /// Waits for more bytes from the peer.
    Wait,
    Activate,
    Open(Box<Opened>),
    Refuse(HandshakeError),
}

/// The result of a complete opening handshake.
pub(super) struct Opened {
    pub(super) state: State,
    /// The frames to send now.
    pub(super) queued: Vec<Queued>,
    pub(super) has_sessions: bool,
}

impl Opening {
    pub(super) fn server(request: Request, policy: Policy) -> Self {
        let stage = Stage::Server(request);
        Self::new(stage, HeaderList::default(), policy)
    }

    pub(super) fn client(handshake: ClientHandshake, headers: HeaderList, policy: Policy) -> Self {
        Self::new(Stage::Client(handshake), headers, policy)
    }

    fn new(stage: Stage, headers: HeaderList, policy: Policy) -> Self {
        Self {
            stage,
            policy,
            headers,
            negotiation: Negotiation::default(),
            inbox: Inbox::default(),
            queued: Vec::new(),
        }
    }

    /// Stores bytes from the peer. If too many arrive before `start`, discards them. The next poll
    /// or `start` then refuses the handshake.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        let role = match self.stage {
            Stage::Flooded(_) => return,
            Stage::Server(_) => Some(Role::Server),
            Stage::Client(_) => Some(Role::Client),
            Stage::Asked(..) | Stage::Activating | Stage::AwaitingBody(_) => None,
        };
        match role {
            Some(role) if self.inbox.unread().len() >= MAX_BEFORE_START => {
                self.inbox.clear();
                self.stage = Stage::Flooded(role);
            }
            _ => self.inbox.push(bytes),
        }
    }

    pub(super) fn has_unread(&self) -> bool {
        !self.inbox.unread().is_empty() || self.inbox.is_cut()
    }

    /// Returns whether the caller should read no more before `start`.
    pub(super) fn has_enough(&self) -> bool {
        match &self.stage {
            Stage::Server(_) | Stage::Client(_) => self.inbox.unread().len() >= ENOUGH_BEFORE_START,
            Stage::Flooded(_) | Stage::Asked(..) | Stage::Activating | Stage::AwaitingBody(_) => {
                false
            }
        }
    }

    /// Queues a frame until the connection opens.
    pub(super) fn queue(&mut self, sent: Sent, payload: &[u8], outbox: &mut Outbox) {
        match memory::copy_of(payload) {
            Ok(payload) => self.queued.push(Queued {
                sent,
                payload,
                is_marked: false,
            }),
            Err(NoMemory) => outbox.lose(),
        }
    }

    /// Returns the number of payload bytes in the queue.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queued.iter().map(|frame| frame.payload.len()).sum()
    }

    /// Returns whether this is a client before its request.
    pub(super) fn is_before_request(&self) -> bool {
        matches!(self.stage, Stage::Client(_) | Stage::Flooded(Role::Client))
    }

    /// Completes the handshake.
    fn open(&mut self, version: Version) -> Next {
        let negotiated = std::mem::take(&mut self.negotiation).negotiated();
        let inbox = std::mem::take(&mut self.inbox);
        let has_sessions = matches!(negotiated, Negotiated::Sessions(_));
        let state = State::open(&self.policy, version, negotiated, inbox);
        Next::Open(Box::new(Opened {
            state,
            queued: std::mem::take(&mut self.queued),
            has_sessions,
        }))
    }

    /// Sends the request or the response. Returns `None` if the handshake has already begun.
    pub(super) fn start(&mut self, settled: &Settled, outbox: &mut Outbox) -> Option<Next> {
        match &mut self.stage {
            Stage::Flooded(_) => Some(Next::Refuse(HandshakeError::Flooded)),
            Stage::Client(handshake) => {
                if let Some(offer) = self.negotiation.header() {
                    self.headers.push("Sec-WebSocket-Extensions", &offer);
                }
                outbox.push(handshake.request(&self.headers).as_bytes());
                let handshake = std::mem::take(handshake);
                self.stage = Stage::Asked(handshake, HeadScanner::default());
                Some(Next::Wait)
            }
            Stage::Server(request) => {
                // The handshake needs neither again.
                let (request, headers) =
                    (std::mem::take(request), std::mem::take(&mut self.headers));
                let next = self.respond(&request, headers, settled, outbox);
                Some(next.unwrap_or_else(Next::Refuse))
            }
            Stage::Asked(..) | Stage::Activating | Stage::AwaitingBody(_) => None,
        }
    }

    /// Sends the response to a valid request.
    fn respond(
        &mut self,
        request: &Request,
        headers: HeaderList,
        settled: &Settled,
        outbox: &mut Outbox,
    ) -> Result<Next, HandshakeError> {
        match settled.version {
            Version::Hybi13 | Version::Hybi8 => {
                let server::ValidRequest { key, .. } = server::judge(request, &self.policy)?;
                let extensions = self.negotiation.header();
                let subprotocol = settled.subprotocol.as_ref().and_then(Option::as_deref);
                let head = settled.manner.response_format;
                let response =
                    server::accept(key, subprotocol, extensions.as_deref(), headers, head);
                outbox.push(&response);
                Ok(self.open(settled.version))
            }
            Version::Hixie75 => {
                let response = draft75::accept(request, &headers)?;
                outbox.push(response.as_bytes());
                Ok(self.open(settled.version))
            }
            Version::Hixie76 => {
                let (response, numbers) = draft76::accept(request, &headers)?;
                outbox.push(response.as_bytes());
                self.stage = Stage::AwaitingBody(numbers);
                // The body may already have arrived.
                let next = self.read_body(numbers, settled.version, outbox);
                Ok(next.unwrap_or(Next::Wait))
            }
        }
    }

    /// Processes received bytes. Returns `None` if they are incomplete.
    pub(super) fn advance(&mut self, settled: &mut Settled, outbox: &mut Outbox) -> Option<Next> {
        match &mut self.stage {
            Stage::Flooded(_) => Some(Next::Refuse(HandshakeError::Flooded)),
            Stage::Asked(handshake, scanner) => {
                let inbox = &mut self.inbox;
                let found = match scanner.response(inbox.unread()) {
                    // The rest of the response was discarded.
                    Ok(None) if inbox.is_cut() => Err(HandshakeError::MalformedResponse),
                    found => found.transpose()?,
                };
                let judged = found.and_then(|(head, size)| {
                    inbox.take(size);
                    judge(handshake, &mut self.negotiation, settled, head)
                });
                Some(match judged {
                    Err(error) => Next::Refuse(error),
                    Ok(()) if self.negotiation.received().is_empty() => self.open(settled.version),
                    Ok(()) => {
                        self.stage = Stage::Activating;
                        Next::Activate
                    }
                })
            }
            Stage::AwaitingBody(numbers) => {
                let numbers = *numbers;
                self.read_body(numbers, settled.version, outbox)
            }
            Stage::Server(_) | Stage::Client(_) | Stage::Activating => None,
        }
    }

    pub(super) fn activated(&mut self, version: Version) -> Option<Next> {
        match &self.stage {
            Stage::Activating => Some(self.open(version)),
            Stage::Server(_)
            | Stage::Client(_)
            | Stage::Flooded(_)
            | Stage::Asked(..)
            | Stage::AwaitingBody(_) => None,
        }
    }

    fn read_body(
        &mut self,
        numbers: KeyNumbers,
        version: Version,
        outbox: &mut Outbox,
    ) -> Option<Next> {
        let body = *self.inbox.unread().first_chunk()?;
        self.inbox.take(draft76::BODY);
        outbox.push(&draft76::signature(numbers, body));
        Some(self.open(version))
    }

    pub(super) fn negotiation(&mut self, version: Version) -> Option<&mut Negotiation> {
        match &self.stage {
            Stage::Server(request) => match version {
                Version::Hybi13 | Version::Hybi8 => {
                    let server::ValidRequest { offers, .. } =
                        server::judge(request, &self.policy).ok()?;
                    self.negotiation.receive(offers);
                    Some(&mut self.negotiation)
                }
                Version::Hixie75 | Version::Hixie76 => None,
            },
            Stage::Client(_) | Stage::Activating => Some(&mut self.negotiation),
            Stage::Flooded(_) | Stage::Asked(..) | Stage::AwaitingBody(_) => None,
        }
    }

    /// Refuses the handshake and returns the error of the connection. Returns `None` for a server
    /// that has already responded.
    pub(super) fn refuse(&self, error: HandshakeError, outbox: &mut Outbox) -> Option<Error> {
        match &self.stage {
            Stage::Server(_) | Stage::Flooded(Role::Server) => {
                outbox.push(server::refuse(&error).as_bytes());
                Some(Error::Refused(error))
            }
            Stage::AwaitingBody(_) => None,
            Stage::Client(_)
            | Stage::Flooded(Role::Client)
            | Stage::Asked(..)
            | Stage::Activating => Some(Error::Handshake(error)),
        }
    }
}

/// The maximum chunk of the transports, in bytes.
pub const FULL_CHUNK: usize = 64 * 1024;
/// The number of bytes at which the caller should stop reading before `start`.
const ENOUGH_BEFORE_START: usize = FULL_CHUNK;
/// The maximum number of bytes stored before `start`. The chunk that exceeds it is stored too.
const MAX_BEFORE_START: usize = 1024 * 1024;

/// Checks the server's response to a client.
fn judge(
    handshake: &ClientHandshake,
    negotiation: &mut Negotiation,
    settled: &mut Settled,
    head: ResponseHead,
) -> Result<(), HandshakeError> {
    let head = settled.response.insert(Box::new(head));
    handshake.judge(head)?;
    let chosen = settled.subprotocol.insert(None);
    *chosen = handshake.subprotocol(head)?;
    let extensions = head.header("sec-websocket-extensions").unwrap_or_default();
    if !extensions.is_empty() {
        let invalid = |_| HandshakeError::InvalidExtensions(extensions.to_owned());
        negotiation.receive(parse(extensions).map_err(invalid)?);
    }
    match negotiation.unknown() {
        Some(name) => Err(HandshakeError::UnknownExtension(name.to_owned())),
        None => Ok(()),
    }
}
