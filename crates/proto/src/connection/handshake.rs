//! The opening handshake as a state: how far it is, and what waits for it.
//!
//! Knows what leads from one stage to the next, in either role. Does not know the words of requests and
//! answers, nor what the application is told.

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

/// A connection whose opening handshake is not complete.
#[derive(Debug)]
pub(super) struct Opening {
    stage: Stage,
    policy: Policy,
    /// Of the request that a client sends, or the answer that a server sends.
    pub(super) headers: HeaderList,
    negotiation: Negotiation,
    /// Bytes of the peer that no stage has taken.
    inbox: Inbox,
    /// Frames that were sent before they may flow, in this order.
    pub(super) queued: Vec<Queued>,
}

/// How far an opening handshake is.
#[derive(Debug)]
enum Stage {
    /// A server has this request to answer.
    Server(Request),
    /// A client has not asked.
    Client(ClientHandshake),
    /// Neither has been started, and more has arrived than may wait for that.
    Flooded(Role),
    /// A client has asked.
    Asked(ClientHandshake, HeadScanner),
    /// A client has received a good answer, and its extensions are being activated.
    Activating,
    /// A hixie-76 server has answered. The body of the request decides how the handshake goes on.
    AwaitingBody(KeyNumbers),
}

#[derive(Clone, Copy, Debug)]
enum Role {
    Server,
    Client,
}

/// What the opening handshake establishes, for as long as the connection lives.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) version: Version,
    /// None before it is known; then the one in use, if any.
    pub(super) subprotocol: Option<Option<String>>,
    pub(super) response: Option<ResponseHead>,
    /// The longest message that is received, in bytes.
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

    /// A close code that the application wants to send.
    pub(super) fn code_to_send(&self, code: u16) -> Result<CloseCode, InvalidArgument> {
        match self.manner.close_codes {
            CloseCodes::Any => Ok(CloseCode::any(code)),
            CloseCodes::Defined => CloseCode::to_send(code).ok_or(InvalidArgument::CloseCode(code)),
        }
    }
}

/// What a step of the handshake leads to.
pub(super) enum Next {
    /// The peer has to send more.
    Wait,
    Activate,
    Open(Box<Opened>),
    Refuse(HandshakeError),
}

/// What an opening becomes.
pub(super) struct Opened {
    pub(super) state: State,
    /// Frames that may flow now.
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

    /// Stores bytes of the peer. When too much waits for the start, it is dropped: the handshake is
    /// refused by the next poll, or by the start.
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

    /// Whether nothing more should be read before the start.
    pub(super) fn has_enough(&self) -> bool {
        match &self.stage {
            Stage::Server(_) | Stage::Client(_) => self.inbox.unread().len() >= ENOUGH_BEFORE_START,
            Stage::Flooded(_) | Stage::Asked(..) | Stage::Activating | Stage::AwaitingBody(_) => {
                false
            }
        }
    }

    /// Keeps what was sent until frames may flow.
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

    /// Bytes of the frames that wait.
    pub(super) fn queued_bytes(&self) -> usize {
        self.queued.iter().map(|frame| frame.payload.len()).sum()
    }

    /// Whether this is a client that has not been started.
    pub(super) fn is_unasked(&self) -> bool {
        matches!(self.stage, Stage::Client(_) | Stage::Flooded(Role::Client))
    }

    /// From now on frames flow.
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

    /// `None` when it has been started before.
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
                // Neither is needed again.
                let (request, headers) =
                    (std::mem::take(request), std::mem::take(&mut self.headers));
                let answered = self.answer(&request, headers, settled, outbox);
                Some(answered.unwrap_or_else(Next::Refuse))
            }
            Stage::Asked(..) | Stage::Activating | Stage::AwaitingBody(_) => None,
        }
    }

    /// A server's answer to a good request.
    fn answer(
        &mut self,
        request: &Request,
        headers: HeaderList,
        settled: &Settled,
        outbox: &mut Outbox,
    ) -> Result<Next, HandshakeError> {
        match settled.version {
            Version::Hybi13 | Version::Hybi8 => {
                let server::Good { key, .. } = server::judge(request, &self.policy)?;
                let extensions = self.negotiation.header();
                let subprotocol = settled.subprotocol.as_ref().and_then(Option::as_deref);
                let head = settled.manner.answer_head;
                let answer = server::accept(key, subprotocol, extensions.as_deref(), headers, head);
                outbox.push(&answer);
                Ok(self.open(settled.version))
            }
            Version::Hixie75 => {
                let answer = draft75::accept(request, &headers)?;
                outbox.push(answer.as_bytes());
                Ok(self.open(settled.version))
            }
            Version::Hixie76 => {
                let (answer, numbers) = draft76::accept(request, &headers)?;
                outbox.push(answer.as_bytes());
                self.stage = Stage::AwaitingBody(numbers);
                // A body that is there already ends the handshake at once.
                let next = self.read_body(numbers, settled.version, outbox);
                Ok(next.unwrap_or(Next::Wait))
            }
        }
    }

    /// What the bytes of the peer bring. `None` when they bring nothing.
    pub(super) fn advance(&mut self, settled: &mut Settled, outbox: &mut Outbox) -> Option<Next> {
        match &mut self.stage {
            Stage::Flooded(_) => Some(Next::Refuse(HandshakeError::Flooded)),
            Stage::Asked(handshake, scanner) => {
                let inbox = &mut self.inbox;
                let found = match scanner.response(inbox.unread()) {
                    // The rest has been dropped.
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
                    let server::Good { offers, .. } = server::judge(request, &self.policy).ok()?;
                    self.negotiation.receive(offers);
                    Some(&mut self.negotiation)
                }
                Version::Hixie75 | Version::Hixie76 => None,
            },
            Stage::Client(_) | Stage::Activating => Some(&mut self.negotiation),
            Stage::Flooded(_) | Stage::Asked(..) | Stage::AwaitingBody(_) => None,
        }
    }

    /// How the connection fails by this error. `None` for a server that has answered already.
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

/// The most that transports hand over at a time, in bytes.
pub const FULL_CHUNK: usize = 64 * 1024;
/// What is worth reading before the start.
const ENOUGH_BEFORE_START: usize = FULL_CHUNK;
/// What is kept before the start. The bytes that bring it above that are kept as well.
const MAX_BEFORE_START: usize = 1024 * 1024;

/// A client judges the server's answer.
fn judge(
    handshake: &ClientHandshake,
    negotiation: &mut Negotiation,
    settled: &mut Settled,
    head: ResponseHead,
) -> Result<(), HandshakeError> {
    let head = settled.response.insert(head);
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
