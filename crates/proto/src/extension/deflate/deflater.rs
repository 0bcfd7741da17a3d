//! Compression of messages, RFC 7692 §7.2.1, in slices if they are large.
//!
//! The sender makes the frames and orders them.

use zlib_rs::{Deflate, DeflateFlush};

use super::agreement::Agreed;
use super::history::History;
use super::options::{Compression, WindowBits};
use super::reach::Reach;
use super::workspace::{DeflateKind, StreamId, Workspace};
use crate::memory::{self, NoMemory};

/// The outgoing direction of a session.
#[derive(Debug)]
pub(crate) struct Deflater {
    compression: Compression,
    window: WindowBits,
    context: Context,
    threshold: usize,
    unfinished: Option<Box<Unfinished>>,
}

/// The parameters of compression without context takeover. With equal parameters, a message has the
/// same compressed form on all connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct WithoutTakeover {
    compression: Compression,
    window: WindowBits,
}

/// A large message between two slices of work.
#[derive(Debug)]
struct Unfinished {
    payload: Vec<u8>,
    position: usize,
    output: Vec<u8>,
}

#[derive(Debug)]
enum Context {
    /// Messages do not refer to earlier ones.
    None,
    /// Messages may refer to earlier ones.
    TakenOver {
        stream: StreamId,
        history: History,
        reach: Reach,
    },
}

impl Deflater {
    /// The bytes compressed in one slice, which takes one or two milliseconds.
    pub(crate) const SLICE: usize = 128 * 1024;

    pub(crate) fn new(agreed: &Agreed) -> Self {
        let window = agreed.own.window;
        let context = if agreed.own.takeover {
            let reach = Reach::new(window);
            Context::TakenOver {
                stream: StreamId::new(),
                history: History::new(reach.needed()),
                reach,
            }
        } else {
            Context::None
        };
        Self {
            compression: agreed.compression,
            window,
            context,
            threshold: agreed.threshold,
            unfinished: None,
        }
    }

    /// Releases all memory. Later messages are sent uncompressed.
    pub(crate) fn release(&mut self) {
        self.context = Context::None;
        self.threshold = usize::MAX;
        self.unfinished = None;
    }

    /// Returns whether a message of this length is compressed. The peer accepts both forms.
    pub(crate) fn compresses(&self, length: usize) -> bool {
        length >= self.threshold
    }

    /// Returns the parameters of compression if there is no context takeover.
    pub(crate) fn without_takeover(&self) -> Option<WithoutTakeover> {
        matches!(self.context, Context::None).then_some(WithoutTakeover {
            compression: self.compression,
            window: self.window,
        })
    }

    /// Returns whether a message of this length is compressed in slices.
    pub(crate) fn is_large(length: usize) -> bool {
        length > Self::SLICE
    }

    /// Compresses a message and passes the result to `sent`. The result must be sent, because later
    /// messages may refer to it.
    pub(crate) fn message<T>(&mut self, payload: &[u8], sent: impl FnOnce(&[u8]) -> T) -> T {
        // zlib produces no output for an empty message. RFC 7692 §7.2.3.6: "an empty DEFLATE block
        // with no compression".
        if payload.is_empty() {
            return sent(&[0x00]);
        }
        self.block(payload, payload.len(), |block| {
            sent(block.strip_suffix(&TAIL).unwrap_or(block))
        })
    }

    /// Starts a large message. [`next_slice`](Self::next_slice) continues it.
    pub(crate) fn start(&mut self, payload: Vec<u8>) {
        self.unfinished = Some(Box::new(Unfinished {
            payload,
            position: 0,
            output: Vec::new(),
        }));
    }

    /// Compresses one slice of the started message. Returns the compressed message when it is
    /// complete. The result must be sent.
    pub(crate) fn next_slice(&mut self) -> Result<Option<Vec<u8>>, NoMemory> {
        let Some(mut unfinished) = self.unfinished.take() else {
            return Ok(None);
        };
        let Unfinished {
            payload,
            position,
            output,
        } = &mut *unfinished;
        let rest = payload.get(*position..).unwrap_or_default();
        let slice = rest.get(..Self::SLICE).unwrap_or(rest);
        // Each slice ends with a flush, so that the next slice can use another state of zlib.
        self.block(slice, payload.len(), |block| memory::append(output, block))?;
        *position += slice.len();
        if *position < payload.len() {
            self.unfinished = Some(unfinished);
            return Ok(None);
        }
        let mut output = std::mem::take(output);
        if output.ends_with(&TAIL) {
            output.truncate(output.len() - TAIL.len());
        }
        Ok(Some(output))
    }

    fn block<T>(&mut self, input: &[u8], length: usize, use_block: impl FnOnce(&[u8]) -> T) -> T {
        let kind = DeflateKind {
            level: self.compression.level(length),
            memory_level: self.compression.memory_level(),
            strategy: self.compression.strategy(),
            window: self.window,
        };
        Workspace::with(|workspace| match &mut self.context {
            Context::None => {
                let (state, scratch) = workspace.deflate(kind, &mut StreamId::new(), [&[], &[]]);
                use_block(run(state, input, scratch))
            }
            Context::TakenOver {
                stream,
                history,
                reach,
            } => {
                let mut length = reach.bytes();
                if let Some(candidates) = reach.candidates()
                    && !workspace.has_deflate(kind, *stream)
                {
                    let sizes = candidates.map(|candidate| {
                        let past = history.last(candidate);
                        let (state, scratch) = workspace.deflate(kind, &mut StreamId::new(), past);
                        run(state, input, scratch).len()
                    });
                    reach.measured(sizes);
                    length = reach.bytes();
                }
                let past = history.last(length);
                let (state, scratch) = workspace.deflate(kind, stream, past);
                let result = use_block(run(state, input, scratch));
                history.extend(input);
                reach.sent(input.len(), history.len());
                history.set_limit(reach.needed());
                result
            }
        })
    }
}

impl From<WithoutTakeover> for Deflater {
    fn from(without_takeover: WithoutTakeover) -> Self {
        Self {
            compression: without_takeover.compression,
            window: without_takeover.window,
            context: Context::None,
            threshold: 0,
            unfinished: None,
        }
    }
}

/// Compresses into the scratch buffer, including the tail.
fn run<'a>(state: &mut Deflate, mut input: &[u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let mut written = 0;
    // Sufficient except for a few inputs at low levels.
    let bound = input.len() + input.len() / 8 + 64;
    loop {
        if scratch.len() < written + bound {
            scratch.resize(written + bound, 0);
        }
        let space = scratch.get_mut(written..).unwrap_or_default();
        let room = space.len();
        let before = (state.total_in(), state.total_out());
        state
            .compress(input, space, DeflateFlush::SyncFlush)
            .expect("each earlier call has completed");
        input = input
            .get((state.total_in() - before.0) as usize..)
            .unwrap_or_default();
        let added = (state.total_out() - before.1) as usize;
        written += added;
        if added < room {
            break;
        }
    }
    scratch.get(..written).unwrap_or_default()
}

/// The end of a flush, an empty stored block. Messages are sent without it, RFC 7692 §7.2.1.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];
