//! Compressed messages to messages, RFC 7692 §7.2.2.
//!
//! Knows where a message ends, how long it may become, and how much may be done of it at a time. Does
//! not know frames.

use zlib_rs::{Inflate, InflateFlush, Status};

use super::agreement::Agreed;
use super::history::History;
use super::options::WindowBits;
use super::workspace::{StreamId, Workspace, prime};
use crate::error::ProtocolError;
use crate::memory::{self, NoMemory};

/// The incoming direction of a session.
#[derive(Debug)]
pub(crate) struct Inflater {
    stream: StreamId,
    /// None of it where every message stands on its own.
    history: History,
    max_length: usize,
    /// The message that is being inflated or has been last.
    output: Vec<u8>,
    unfinished: Option<Box<Unfinished>>,
}

/// A large message between two slices of work.
#[derive(Debug)]
struct Unfinished {
    cursor: Cursor,
    payload: Vec<u8>,
}

/// How far a message has come.
struct Cursor {
    state: Inflate,
    /// In the payload, or behind it in what is appended.
    position: usize,
    /// Whether everything that the payload says has come out.
    is_drained: bool,
}

/// Whether a message is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "there may be more to do"]
pub(crate) enum Progress {
    Done,
    /// To be [resumed](Inflater::resume) when other connections have had their turn.
    Unfinished,
}

impl Inflater {
    pub(crate) fn new(agreed: &Agreed, max_length: usize) -> Self {
        let remembered = if agreed.peer.takeover {
            agreed.peer.window.size()
        } else {
            0
        };
        Self {
            stream: StreamId::new(),
            history: History::new(remembered),
            max_length,
            output: Vec::new(),
            unfinished: None,
        }
    }

    /// Starts with a message, of which this is the whole compressed payload. [`output`](Self::output)
    /// has the message when it is done.
    pub(crate) fn start(&mut self, payload: &[u8]) -> Result<Progress, ProtocolError> {
        self.output.clear();
        // Even nothing is said by a byte, RFC 7692 §7.2.3.6.
        if payload.is_empty() {
            return Err(CUT_SHORT);
        }
        let history = self.history.last(self.history.limit());
        let mut cursor = Cursor {
            state: Workspace::with(|workspace| workspace.take_inflate(self.stream, history)),
            position: 0,
            is_drained: false,
        };
        match self.advance(&mut cursor, payload)? {
            End::OutOfBudget => {
                let payload = memory::copy_of(payload)?;
                self.unfinished = Some(Box::new(Unfinished { cursor, payload }));
                Ok(Progress::Unfinished)
            }
            End::Message { is_reusable } => {
                self.finish(cursor, is_reusable);
                Ok(Progress::Done)
            }
        }
    }

    /// Goes on with a message that is not finished.
    pub(crate) fn next_slice(&mut self) -> Result<Progress, ProtocolError> {
        let Some(mut unfinished) = self.unfinished.take() else {
            return Ok(Progress::Done);
        };
        match self.advance(&mut unfinished.cursor, &unfinished.payload)? {
            End::OutOfBudget => {
                self.unfinished = Some(unfinished);
                Ok(Progress::Unfinished)
            }
            End::Message { is_reusable } => {
                self.finish(unfinished.cursor, is_reusable);
                Ok(Progress::Done)
            }
        }
    }

    /// The message that is done.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output
    }

    /// Gives all memory back: no message is started afterwards.
    pub(crate) fn release(&mut self) {
        self.history = History::new(0);
        self.output = Vec::new();
        self.unfinished = None;
    }

    /// Gives back the memory of a message that has been looked at.
    pub(crate) fn release_output(&mut self) {
        if self.unfinished.is_none() {
            self.output = Vec::new();
        }
    }

    fn advance(&mut self, cursor: &mut Cursor, payload: &[u8]) -> Result<End, ProtocolError> {
        let mut message = Message {
            cursor,
            payload,
            used: self.output.len(),
            output: &mut self.output,
            max_length: self.max_length,
            history: self.history.last(self.history.limit()),
            budget: SLICE,
        };
        let end = message.advance();
        let used = message.used;
        self.output.truncate(used);
        end
    }

    fn finish(&mut self, cursor: Cursor, is_reusable: bool) {
        // A state remembers a largest window. What a peer with a smaller one may refer to must not
        // depend on whose turn it was.
        let is_reusable = is_reusable && self.history.limit() == WindowBits::MAX.size();
        Workspace::with(|workspace| {
            workspace.return_inflate(cursor.state, &mut self.stream, is_reusable)
        });
        self.history.extend(&self.output);
    }
}

/// A message on its way through the decompressor.
struct Message<'a> {
    cursor: &'a mut Cursor,
    payload: &'a [u8],
    /// So much of the output is the message; the rest is room.
    used: usize,
    output: &'a mut Vec<u8>,
    max_length: usize,
    history: [&'a [u8]; 2],
    /// Bytes of work that may still be done before other connections have their turn.
    budget: usize,
}

enum End {
    OutOfBudget,
    Message {
        /// Whether the state has the end of the stream, and nothing else.
        is_reusable: bool,
    },
}

impl Message<'_> {
    fn advance(&mut self) -> Result<End, ProtocolError> {
        loop {
            if self.used == self.output.len() {
                self.make_room()?;
            }
            let Step {
                status,
                consumed,
                produced,
                has_room,
            } = self.step()?;
            if self.used > self.max_length {
                return Err(ProtocolError::TooLarge);
            }
            let beyond = self.cursor.position.checked_sub(self.payload.len());
            match (status, beyond) {
                // A final block. What comes behind it is a new stream with the same past, RFC 7692
                // §7.2.3.4; what we append does not count.
                (Status::StreamEnd, Some(_)) => return Ok(End::Message { is_reusable: false }),
                (Status::StreamEnd, None) => self.restart(),
                (_, None) => {}
                (_, Some(_)) if !self.cursor.is_drained => self.cursor.is_drained = has_room,
                // It stops between blocks: behind the tail, that is where a message ends. The tail is what a
                // stored block begins with; if other blocks have ended in it, bits of it are left.
                (_, Some(4)) if produced == 0 => {
                    let is_reusable = consumed == 4;
                    return Ok(End::Message { is_reusable });
                }
                (_, Some(0..4)) if produced == 0 && consumed > 0 => {}
                (_, Some(_)) => return Err(CUT_SHORT),
            }
            if self.budget == 0 {
                return Ok(End::OutOfBudget);
            }
        }
    }

    fn step(&mut self) -> Result<Step, ProtocolError> {
        let Cursor {
            state,
            position,
            is_drained,
        } = &mut *self.cursor;
        let input = match position.checked_sub(self.payload.len()) {
            Some(beyond) if *is_drained => APPENDED.get(beyond..),
            _ => self.payload.get(*position..),
        };
        let room = self.output.get_mut(self.used..).unwrap_or_default();
        let room_size = room.len();
        let (total_in, total_out) = (state.total_in(), state.total_out());
        let status = state
            .decompress(input.unwrap_or_default(), room, InflateFlush::Block)
            .map_err(|_| ProtocolError::Inflate(state.error_message().unwrap_or("invalid data")))?;
        let consumed = (state.total_in() - total_in) as usize;
        let produced = (state.total_out() - total_out) as usize;
        *position += consumed;
        self.used += produced;
        self.spend(produced.max(consumed));
        Ok(Step {
            status,
            consumed,
            produced,
            has_room: produced < room_size,
        })
    }

    /// Room for more: for a slice at most, as filling it is work too, and up to where a message that is
    /// too long shows.
    fn make_room(&mut self) -> Result<(), NoMemory> {
        let limit = self.max_length.saturating_add(1);
        let guess = match self.used {
            0 => self.payload.len().saturating_mul(4),
            used => used,
        };
        let length = (self.used + guess.clamp(MIN_ROOM, SLICE)).min(limit);
        if length > self.output.capacity() {
            let capacity = (self.used * 2).min(limit).max(length);
            // Growing in large steps saves time, and can be done without.
            self.output
                .try_reserve_exact(capacity - self.used)
                .or_else(|_| self.output.try_reserve_exact(length - self.used))
                .map_err(|_| NoMemory)?;
        }
        self.output.resize(length, 0);
        Ok(())
    }

    fn restart(&mut self) {
        let [older, newer] = self.history;
        let message = self.output.get(..self.used).unwrap_or_default();
        let past = [older, newer, message];
        prime(&mut self.cursor.state, past);
        // Cheap to ask for, and as much work as inflating that much.
        let primed = past.map(|piece| piece.len().min(WindowBits::MAX.size()));
        self.spend(primed.iter().sum());
    }

    fn spend(&mut self, bytes: usize) {
        self.budget = self.budget.saturating_sub(bytes + BLOCK_COST);
    }
}

/// What one call of the decompressor has done.
struct Step {
    status: Status,
    consumed: usize,
    produced: usize,
    has_room: bool,
}

impl std::fmt::Debug for Cursor {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Cursor")
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

/// What is appended to a payload: the tail that its sender has removed, and a byte that must be left over:
/// a message that ends within a block takes it.
const APPENDED: [u8; 5] = [0x00, 0x00, 0xFF, 0xFF, 0x00];

const CUT_SHORT: ProtocolError = ProtocolError::Inflate("unexpected end of file");

/// Bytes of work after which other connections have their turn: about a millisecond.
const SLICE: usize = 256 * 1024;
/// In bytes of work: a block may come to nothing, but its codes have to be built.
const BLOCK_COST: usize = 512;
const MIN_ROOM: usize = 256;
