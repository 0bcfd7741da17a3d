//! The closing handshake, RFC 6455 §7: its phases, and the delays for sessions and large messages.

use std::collections::VecDeque;

use super::Hybi;
use super::transformer::Transformer;
use crate::close::{CloseFrame, PeerClose};
use crate::error::ProtocolError;
use crate::outbox::Outbox;
use crate::output::{ABNORMAL, Error, Event, ReadyState, Violation};
use crate::policy::{FailureReport, Reported};

/// The phase of an open connection. Most connections are idle, so what only the end needs has memory of its own.
///
/// ```text
///          close()                peer's close frame, or a violation
///  Open ─────────────► Closing ─────────────────────────────► Closed
///   │                                                           ▲
///   └── peer's close frame, answered; or a violation, reported ─┘
/// ```
///
/// If sessions outside the core transform messages, or a large message is being compressed, a
/// closing connection stays in `Ending` until they have finished.
#[derive(Debug)]
pub(super) enum Phase {
    Open,
    /// Our close frame has begun the closing handshake. The peer's close frame has not arrived.
    Closing {
        ours: Box<CloseFrame>,
        dispatch: Dispatch,
    },
    /// The connection receives nothing more. Its end waits for the sessions or for the remaining
    /// work.
    Ending(Box<Ending>),
    Closed,
}

/// The state of our close frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dispatch {
    /// It waits until the sessions have finished.
    Waits,
    Sent,
}

/// The end of a connection, caused by the peer's close frame or by an error.
#[derive(Debug)]
pub(super) struct Ending {
    /// The close frame not yet sent. RFC 6455 §5.5.1: "If an endpoint receives a Close frame and
    /// did not previously send a Close frame, the endpoint MUST send a Close frame in response."
    /// §7.1.7 requires the same of an endpoint that fails the connection.
    unsent: Option<CloseFrame>,
    error: Option<Error>,
    close: Event,
}

impl Phase {
    pub(super) fn ready_state(&self) -> ReadyState {
        match self {
            Self::Open => ReadyState::Open,
            Self::Closing { .. } | Self::Ending(_) => ReadyState::Closing,
            Self::Closed => ReadyState::Closed,
        }
    }

    /// Returns whether transformed messages may still be sent. Messages that the sessions held when
    /// the connection began to close precede the close frame.
    pub(super) fn may_send_transformed(&self) -> bool {
        match self {
            Self::Open => true,
            Self::Closing { dispatch, .. } => *dispatch == Dispatch::Waits,
            Self::Ending(ending) => ending.unsent.is_some(),
            Self::Closed => false,
        }
    }
}

impl Hybi {
    /// Begins the closing handshake. Returns false if it has already begun.
    pub(crate) fn close(
        &mut self,
        frame: CloseFrame,
        outbox: &mut Outbox,
        pending: &mut VecDeque<Event>,
    ) -> bool {
        let accepted = self.is_open();
        if accepted {
            let dispatch = if self.transformer.has_sessions() {
                pending.push_back(Event::CloseSessions);
                Dispatch::Waits
            } else {
                self.send_close(&frame, outbox);
                Dispatch::Sent
            };
            self.phase = Phase::Closing {
                ours: Box::new(frame),
                dispatch,
            };
        }
        accepted
    }

    /// Handles the peer's close frame.
    pub(super) fn peer_closes(
        &mut self,
        payload: &[u8],
        outbox: &mut Outbox,
        pending: &mut VecDeque<Event>,
    ) {
        if let Phase::Closing { ours, .. } = &self.phase
            && self.manner.reported == Reported::Ours
        {
            let close = Event::close(ours);
            return self.end(CloseFrame::empty(), None, close, outbox, pending);
        }
        match (self.manner.peer_close)(payload, self.text) {
            Ok(PeerClose {
                answer,
                code,
                reason,
            }) => self.end(answer, None, Event::Close { code, reason }, outbox, pending),
            Err(error) => self.fail(error, outbox, pending),
        }
    }

    /// Fails the connection, RFC 6455 §7.1.7.
    pub(crate) fn fail(
        &mut self,
        error: ProtocolError,
        outbox: &mut Outbox,
        pending: &mut VecDeque<Event>,
    ) {
        let manner = self.manner;
        let violation = Error::Protocol(Violation::new(error, manner.message));
        let code = (manner.close_code)(&error);
        let (frame, close) = match manner.failure {
            FailureReport::Worded => {
                let frame = CloseFrame::new(code, &violation.to_string());
                let close = Event::close(&frame);
                (frame, close)
            }
            FailureReport::Coded => (CloseFrame::new(code, ""), ABNORMAL),
        };
        match &self.phase {
            Phase::Open => self.end(frame, Some(violation), close, outbox, pending),
            Phase::Closing { ours, .. } => match manner.failure {
                FailureReport::Coded => self.end(frame, Some(violation), close, outbox, pending),
                // The peer's close frame cannot follow its violation.
                FailureReport::Worded => {
                    let close = Event::close(ours);
                    self.end(frame, None, close, outbox, pending);
                }
            },
            Phase::Ending(_) | Phase::Closed => {}
        }
    }

    /// Fails the connection because of an error that the peer did not cause. A closing handshake
    /// under way continues.
    pub(crate) fn fail_with(
        &mut self,
        frame: CloseFrame,
        error: Error,
        outbox: &mut Outbox,
        pending: &mut VecDeque<Event>,
    ) {
        if self.is_open() {
            let close = Event::close(&frame);
            self.end(frame, Some(error), close, outbox, pending);
        }
    }

    /// Does one slice of the remaining work, and then the actions that waited for it.
    pub(crate) fn work(&mut self, outbox: &mut Outbox, pending: &mut VecDeque<Event>) {
        match &mut self.transformer {
            Transformer::Deflate(deflate) => self.sender.work(&mut deflate.deflater, outbox),
            Transformer::Nothing => {}
            Transformer::Sessions(_) => return,
        }
        if !self.sender.has_work() {
            self.complete_close(outbox, pending);
        }
    }

    /// Fails the connection because the allocator refused memory. Of our unsent data, only the
    /// close frame is sent.
    pub(crate) fn exhausted(&mut self, outbox: &mut Outbox, pending: &mut VecDeque<Event>) {
        self.discard_backlog();
        match self.phase {
            Phase::Open | Phase::Closing { .. } => {
                self.fail(ProtocolError::NoMemory, outbox, pending);
            }
            Phase::Ending(_) => self.work(outbox, pending),
            Phase::Closed => {}
        }
    }

    /// Discards the messages that wait for compression, and does the actions that waited for them.
    pub(crate) fn discard_output(&mut self, outbox: &mut Outbox, pending: &mut VecDeque<Event>) {
        self.discard_backlog();
        self.work(outbox, pending);
    }

    /// Does the actions that waited for the sessions.
    pub(crate) fn sessions_closed(&mut self, outbox: &mut Outbox, pending: &mut VecDeque<Event>) {
        if self.transformer.has_sessions() {
            self.complete_close(outbox, pending);
        }
    }

    /// Stops receiving, and closes the connection when no work remains. Sends `answer` unless our
    /// close frame is already sent or waiting.
    fn end(
        &mut self,
        answer: CloseFrame,
        error: Option<Error>,
        close: Event,
        outbox: &mut Outbox,
        pending: &mut VecDeque<Event>,
    ) {
        let unsent = match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Open => Some(answer),
            Phase::Closing { ours, dispatch } => match dispatch {
                Dispatch::Waits => Some(*ours),
                Dispatch::Sent => None,
            },
            Phase::Ending(ending) => ending.unsent,
            Phase::Closed => None,
        };
        self.phase = Phase::Ending(Box::new(Ending {
            unsent,
            error,
            close,
        }));
        self.receiver.release(&mut self.transformer);
        self.next = None;
        if self.transformer.has_sessions() {
            pending.push_back(Event::CloseSessions);
        } else if !self.sender.has_work() {
            self.complete_close(outbox, pending);
        }
    }

    /// Sends the waiting close frame, and reports the end.
    fn complete_close(&mut self, outbox: &mut Outbox, pending: &mut VecDeque<Event>) {
        match std::mem::replace(&mut self.phase, Phase::Closed) {
            Phase::Open => self.phase = Phase::Open,
            Phase::Closing { ours, dispatch } => {
                if dispatch == Dispatch::Waits {
                    self.send_close(&ours, outbox);
                }
                self.phase = Phase::Closing {
                    ours,
                    dispatch: Dispatch::Sent,
                };
            }
            Phase::Ending(ending) => {
                let Ending {
                    unsent,
                    error,
                    close,
                } = *ending;
                if let Some(frame) = unsent {
                    self.send_close(&frame, outbox);
                }
                pending.extend(error.map(Event::Error));
                pending.push_back(close);
            }
            Phase::Closed => {}
        }
    }

    fn discard_backlog(&mut self) {
        self.sender.discard();
        if let Transformer::Deflate(deflate) = &mut self.transformer {
            deflate.deflater.release();
        }
    }
}
