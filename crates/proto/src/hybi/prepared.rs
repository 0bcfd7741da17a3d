//! Messages that are encoded once and sent on many connections.
//!
//! Encodes each frame once: a plain one, and a compressed one for each set of parameters without
//! context takeover.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::extension::deflate::{Deflater, RSV, WithoutTakeover};
use crate::frame::encoder::{MAX_HEADER, encode};
use crate::frame::{FrameStart, Opcode, Rsv};
use crate::memory::{self, NoMemory};
use crate::output::Kind;

/// A message for [`send_prepared`](crate::connection::Connection::send_prepared). Clones share the
/// frames.
#[derive(Clone, Debug)]
pub struct Prepared(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    kind: Kind,
    plain: Frame,
    compressed: Mutex<Vec<(WithoutTakeover, Compressed)>>,
}

#[derive(Debug)]
enum Compressed {
    Ready(Arc<Frame>),
    /// A large message between two slices of work. Any connection can do the next slice.
    Unfinished(Deflater),
}

/// An unmasked frame, as servers send it.
#[derive(Debug)]
pub(crate) struct Frame {
    bytes: Vec<u8>,
    header: usize,
}

impl Prepared {
    /// Creates a message from a copy of `payload`. A text must be UTF-8.
    #[must_use]
    pub fn new(kind: Kind, payload: &[u8]) -> Self {
        Self(Arc::new(Shared {
            kind,
            plain: Frame::encode(Vec::new(), kind, Rsv::default(), payload),
            compressed: Mutex::default(),
        }))
    }

    /// Returns the kind of the message.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Returns the payload.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        self.0.plain.payload()
    }

    /// Returns the uncompressed frame.
    pub(crate) fn plain(&self) -> &Frame {
        &self.0.plain
    }

    /// Returns the frame compressed with these parameters, if it is ready.
    pub(crate) fn compressed(&self, without_takeover: WithoutTakeover) -> Option<Arc<Frame>> {
        let compressed = self.all_compressed();
        compressed
            .iter()
            .find_map(|(parameters, found)| match found {
                Compressed::Ready(frame) if *parameters == without_takeover => {
                    Some(Arc::clone(frame))
                }
                _ => None,
            })
    }

    /// Compresses with these parameters: a small message at once, a large message by one slice.
    /// Returns the frame when it is ready.
    pub(crate) fn compress(
        &self,
        without_takeover: WithoutTakeover,
    ) -> Result<Option<Arc<Frame>>, NoMemory> {
        let mut compressed = self.all_compressed();
        let known = compressed
            .iter()
            .position(|(parameters, _)| *parameters == without_takeover);
        let before = known.map(|index| compressed.swap_remove(index).1);
        let after = match before {
            Some(Compressed::Ready(frame)) => Compressed::Ready(frame),
            Some(Compressed::Unfinished(deflater)) => self.next_slice(deflater)?,
            None => self.start(Deflater::from(without_takeover))?,
        };
        let frame = match &after {
            Compressed::Ready(frame) => Some(Arc::clone(frame)),
            Compressed::Unfinished(_) => None,
        };
        compressed.push((without_takeover, after));
        Ok(frame)
    }

    fn start(&self, mut deflater: Deflater) -> Result<Compressed, NoMemory> {
        let payload = self.payload();
        if Deflater::is_large(payload.len()) {
            deflater.start(memory::copy_of(payload)?);
            self.next_slice(deflater)
        } else {
            deflater.message(payload, |compressed| self.ready(compressed))
        }
    }

    fn next_slice(&self, mut deflater: Deflater) -> Result<Compressed, NoMemory> {
        match deflater.next_slice()? {
            Some(compressed) => self.ready(&compressed),
            None => Ok(Compressed::Unfinished(deflater)),
        }
    }

    fn ready(&self, compressed: &[u8]) -> Result<Compressed, NoMemory> {
        let mut room = Vec::new();
        memory::reserve(&mut room, MAX_HEADER + compressed.len())?;
        let frame = Frame::encode(room, self.kind(), RSV, compressed);
        Ok(Compressed::Ready(Arc::new(frame)))
    }

    fn all_compressed(&self) -> MutexGuard<'_, Vec<(WithoutTakeover, Compressed)>> {
        // A panic can only leave out an entry, which can be made again.
        let lock = self.0.compressed.lock();
        lock.unwrap_or_else(PoisonError::into_inner)
    }
}

impl Frame {
    fn encode(mut bytes: Vec<u8>, kind: Kind, rsv: Rsv, payload: &[u8]) -> Self {
        let start = FrameStart {
            fin: true,
            rsv,
            opcode: Opcode::from(kind),
        };
        encode(start, None, payload, &mut bytes);
        let header = bytes.len() - payload.len();
        Self { bytes, header }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn payload(&self) -> &[u8] {
        self.bytes.get(self.header..).unwrap_or_default()
    }
}
