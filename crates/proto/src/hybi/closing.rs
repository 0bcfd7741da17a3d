//! The closing handshake, RFC 6455 §7.
//!
//! Knows the phases of a close, and what waits for the sessions and for large messages. Does not know what
//! else may be said in a phase.

use std::collections::VecDeque;

use super::Hybi;
use super::transformer::Transformer;
use crate::close::{CloseFrame, PeerClose};
use crate::error::ProtocolError;
use crate::outbox::Outbox;
use crate::output::{ABNORMAL, Error, Event, ReadyState, Violation};
use crate::policy::{FailureReport, Reported};

/// Where a connection that speaks frames stands.
///
/// ```text
///          close()                peer's close frame, or a violation
///  Open ─────────────► Closing ─────────────────────────────► Closed
///   │                                                           ▲
///   └── peer's close frame, answered; or a violation, reported ─┘
/// ```
///
/// Where sessions outside the core transform messages, or a large message is being compressed, a
/// connection that is about to close stays in `Ending` until that is finished.
#[derive(Debug)]
pub(super) enum Phase {
    Open,
    /// We have begun to close with this frame. The peer's is awaited.
    Closing {
        ours: CloseFrame,
        dispatch: Dispatch,
    },
    /// Nothing more is received: the end waits for the sessions, or for the work that is left.
    Ending(Ending),
    Closed,
}

/// Where a close frame of ours is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Dispatch {
    /// It waits for the sessions to finish.
    Waits,
    Sent,
}

/// The end of a connection, because of the peer's close frame or of an error.
#[derive(Debug)]
pub(super) struct Ending {
    /// The close frame that is still to be sent. RFC 6455 §5.5.1: "If an endpoint receives a Close frame and
    /// did not previously send a Close frame, the endpoint MUST send a Close frame in response." §7.1.7 asks
    /// the same of an endpoint that fails the connection.
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

    /// What sessions held when the connection began to close still goes before the close frame.
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
    /// Starts the closing handshake. False when it has begun already.
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
                ours: frame,
                dispatch,
            };
        }
        accepted
    }

    /// The peer has sent a close frame.
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
        let violation = Error::Protocol(Violation::new(error, manner.words));
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
                // No close frame of the peer can follow what it broke the protocol with.
                FailureReport::Worded => {
                    let close = Event::close(ours);
                    self.end(frame, None, close, outbox, pending);
                }
            },
            Phase::Ending(_) | Phase::Closed => {}
        }
    }

    /// [`fail`](Self::fail) for errors that are not the peer's: the closing handshake can go on after those.
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

    /// Does one slice of the work that is left, and then what has waited for it.
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

    /// Fails the connection for want of memory: nothing of what we send comes but our close frame.
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

    /// Forgets what waits to be compressed, and does what has waited for that.
    pub(crate) fn discard_output(&mut self, outbox: &mut Outbox, pending: &mut VecDeque<Event>) {
        self.discard_backlog();
        self.work(outbox, pending);
    }

    /// The sessions have finished: does what has waited for them.
    pub(crate) fn sessions_closed(&mut self, outbox: &mut Outbox, pending: &mut VecDeque<Event>) {
        if self.transformer.has_sessions() {
            self.complete_close(outbox, pending);
        }
    }

    /// Nothing more is received, and the connection closes as soon as nothing else is under way. `answer` is
    /// sent unless we have sent a close frame, or are about to.
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
                Dispatch::Waits => Some(ours),
                Dispatch::Sent => None,
            },
            Phase::Ending(ending) => ending.unsent,
            Phase::Closed => None,
        };
        self.phase = Phase::Ending(Ending {
            unsent,
            error,
            close,
        });
        self.receiver.release(&mut self.transformer);
        self.held = None;
        if self.transformer.has_sessions() {
            pending.push_back(Event::CloseSessions);
        } else if !self.sender.has_work() {
            self.complete_close(outbox, pending);
        }
    }

    /// Does what has waited: sends the close frame, reports the end.
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
            Phase::Ending(Ending {
                unsent,
                error,
                close,
            }) => {
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
