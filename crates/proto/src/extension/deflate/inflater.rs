//! Decompression of messages, RFC 7692 §7.2.2: their ends, their maximum length, and slices of
//! work.

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
    /// Empty without context takeover.
    history: History,
    max_length: usize,
    /// The current or the last message.
    output: Vec<u8>,
    unfinished: Option<Box<Unfinished>>,
}

/// A large message between two slices of work.
#[derive(Debug)]
struct Unfinished {
    cursor: Cursor,
    payload: Vec<u8>,
}

/// The progress of a message.
struct Cursor {
    state: Inflate,
    /// The position in the payload, or after it in the appended bytes.
    position: usize,
    /// Whether all output of the payload has been read.
    is_drained: bool,
}

/// The result of a slice of work.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[must_use = "work may remain"]
pub(crate) enum Progress {
    Done,
    /// [`next_slice`](Inflater::next_slice) continues after other connections have had their turn.
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

    /// Starts a message with its whole compressed payload. [`output`](Self::output) returns the
    /// message when it is complete.
    pub(crate) fn start(&mut self, payload: &[u8]) -> Result<Progress, ProtocolError> {
        self.output.clear();
        // Even an empty message has a payload of one byte, RFC 7692 §7.2.3.6.
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

    /// Continues an incomplete message.
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

    /// Returns the complete message.
    pub(crate) fn output(&self) -> &[u8] {
        &self.output
    }

    /// Releases all memory. The caller starts no other message.
    pub(crate) fn release(&mut self) {
        self.history = History::new(0);
        self.output = Vec::new();
        self.unfinished = None;
    }

    /// Releases the memory of a handled message.
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
        // A reused state refers to the largest window. With a smaller window, the acceptance of a
        // message would then depend on the turns of other connections.
        let is_reusable = is_reusable && self.history.limit() == WindowBits::MAX.size();
        Workspace::with(|workspace| {
            workspace.return_inflate(cursor.state, &mut self.stream, is_reusable)
        });
        self.history.extend(&self.output);
    }
}

/// A message in the decompressor.
struct Message<'a> {
    cursor: &'a mut Cursor,
    payload: &'a [u8],
    /// The length of the message in `output`. The rest is room.
    used: usize,
    output: &'a mut Vec<u8>,
    max_length: usize,
    history: [&'a [u8]; 2],
    /// The bytes of work that remain before other connections have their turn.
    budget: usize,
}

enum End {
    OutOfBudget,
    Message {
        /// Whether the state has seen exactly the end of the stream.
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
                // A final block ends the stream. The bytes after it are a new stream with the same
                // history, RFC 7692 §7.2.3.4. The appended bytes do not count.
                (Status::StreamEnd, Some(_)) => return Ok(End::Message { is_reusable: false }),
                (Status::StreamEnd, None) => self.restart(),
                (_, None) => {}
                (_, Some(_)) if !self.cursor.is_drained => self.cursor.is_drained = has_room,
                // zlib stops between blocks. A message ends after the tail, which is the beginning
                // of a stored block. If other blocks have ended in the tail, some of its bits
                // remain.
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

    /// Makes room for output: at most one slice, because filling it is also work, and at most one
    /// byte above the limit, which detects a message that is too long.
    fn make_room(&mut self) -> Result<(), NoMemory> {
        let limit = self.max_length.saturating_add(1);
        let guess = match self.used {
            0 => self.payload.len().saturating_mul(4),
            used => used,
        };
        let length = (self.used + guess.clamp(MIN_ROOM, SLICE)).min(limit);
        if length > self.output.capacity() {
            let capacity = (self.used * 2).min(limit).max(length);
            // Growth in large steps saves time but is not necessary.
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
        // Priming is cheap to request, but costs as much as inflating the same number of bytes.
        let primed = past.map(|piece| piece.len().min(WindowBits::MAX.size()));
        self.spend(primed.iter().sum());
    }

    fn spend(&mut self, bytes: usize) {
        self.budget = self.budget.saturating_sub(bytes + BLOCK_COST);
    }
}

/// The result of one call of the decompressor.
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

/// The bytes appended to a payload: the tail that the sender has removed, and one byte that must
/// remain unread. A message that ends within a block would read it.
const APPENDED: [u8; 5] = [0x00, 0x00, 0xFF, 0xFF, 0x00];

const CUT_SHORT: ProtocolError = ProtocolError::Inflate("unexpected end of file");

/// The bytes of work in one slice: about a millisecond.
const SLICE: usize = 256 * 1024;
/// The cost of a block in bytes of work. A block may produce no output, but its codes must be
/// built.
const BLOCK_COST: usize = 512;
const MIN_ROOM: usize = 256;
