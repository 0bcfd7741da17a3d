//! The working states of zlib, one set per thread, shared by all connections.
//!
//! A compressor is 270 KiB. With one per connection, its memory is out of the cache whenever the
//! connection has its turn, and fetching it costs several times what the arithmetic does; so a
//! connection keeps what it has sent lately, and a state of the thread is primed with that. Nothing
//! else travels from one connection to another.
//!
//! Knows which state holds whose stream. Does not know histories or messages.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use zlib_rs::{Deflate, DeflateConfig, Inflate, Method};

use super::options::{Strategy, WindowBits};

/// One direction of one connection, as far as it has come: what the states of one thread have seen of it
/// those of another may have missed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct StreamId {
    id: u64,
    messages: u64,
}

impl StreamId {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            messages: 0,
        }
    }

    /// A message has been added.
    fn advance(&mut self) {
        self.messages += 1;
    }
}

/// The states of one thread.
#[derive(Default)]
pub(super) struct Workspace {
    /// The one used last is the first.
    deflates: Vec<DeflateSlot>,
    inflate: Option<InflateSlot>,
    /// Where compressed bytes go first. Its length is its capacity: what is in it has no meaning.
    scratch: Vec<u8>,
}

struct DeflateSlot {
    kind: DeflateKind,
    state: Deflate,
    /// The stream whose end the state has seen.
    loaded: Option<StreamId>,
}

/// What cannot be changed about a compressor.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) struct DeflateKind {
    pub(super) level: u8,
    pub(super) memory_level: u8,
    pub(super) strategy: Strategy,
    pub(super) window: WindowBits,
}

struct InflateSlot {
    state: Inflate,
    loaded: Option<StreamId>,
}

thread_local! {
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

impl Workspace {
    /// Works with the states of this thread. Not to be nested.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        WORKSPACE.with_borrow_mut(work)
    }

    /// Whether a compressor of that kind still has the stream.
    pub(super) fn has_deflate(&self, kind: DeflateKind, stream: StreamId) -> bool {
        let loaded = |slot: &DeflateSlot| slot.kind == kind && slot.loaded == Some(stream);
        self.deflates.iter().any(loaded)
    }

    /// A compressor for the next message of this stream. It has seen the stream's end, or else it is
    /// primed with `history`.
    pub(super) fn deflate(
        &mut self,
        kind: DeflateKind,
        stream: &mut StreamId,
        history: [&[u8]; 2],
    ) -> (&mut Deflate, &mut Vec<u8>) {
        let found = self.deflates.iter().position(|slot| slot.kind == kind);
        let mut slot = match found {
            Some(index) => self.deflates.remove(index),
            None => {
                self.deflates.truncate(MAX_DEFLATES - 1);
                DeflateSlot::new(kind)
            }
        };
        if slot.loaded != Some(*stream) {
            slot.prime(history);
        }
        // The others miss what this one is about to see.
        stream.advance();
        slot.loaded = Some(*stream);
        self.deflates.insert(0, slot);
        let Some(slot) = self.deflates.first_mut() else {
            unreachable!("it has just been put there")
        };
        (&mut slot.state, &mut self.scratch)
    }

    /// A decompressor for this stream, on the same terms; to be [returned](Self::return_inflate).
    pub(super) fn take_inflate(&mut self, stream: StreamId, history: [&[u8]; 2]) -> Inflate {
        let (mut state, loaded) = match self.inflate.take() {
            Some(InflateSlot { state, loaded }) => (state, loaded),
            None => (Inflate::new(false, WindowBits::MAX.get()), None),
        };
        if loaded != Some(stream) {
            prime(&mut state, history);
        }
        state
    }

    /// A message has been added to this stream. If the state `is_reusable`, it has seen its end.
    pub(super) fn return_inflate(
        &mut self,
        state: Inflate,
        stream: &mut StreamId,
        is_reusable: bool,
    ) {
        stream.advance();
        let loaded = is_reusable.then_some(*stream);
        self.inflate = Some(InflateSlot { state, loaded });
    }
}

/// Puts a decompressor at the beginning of a stream, of which this has gone before.
pub(super) fn prime<const N: usize>(state: &mut Inflate, history: [&[u8]; N]) {
    state.reset(false);
    for piece in history.into_iter().filter(|piece| !piece.is_empty()) {
        state
            .set_dictionary(piece)
            .expect("a raw stream takes a dictionary at any time");
    }
}

impl DeflateSlot {
    fn new(kind: DeflateKind) -> Self {
        let config = DeflateConfig {
            level: i32::from(kind.level),
            method: Method::Deflated,
            // Negative for a raw stream. zlib has no window of 256 bytes; of 512 it uses 250.
            window_bits: -i32::from(kind.window.get().max(9)),
            mem_level: i32::from(kind.memory_level),
            strategy: match kind.strategy {
                Strategy::Default => zlib_rs::Strategy::Default,
                Strategy::Filtered => zlib_rs::Strategy::Filtered,
                Strategy::HuffmanOnly => zlib_rs::Strategy::HuffmanOnly,
                Strategy::Rle => zlib_rs::Strategy::Rle,
                Strategy::Fixed => zlib_rs::Strategy::Fixed,
            },
        };
        Self {
            kind,
            state: Deflate::new_with_config(config),
            loaded: None,
        }
    }

    fn prime(&mut self, history: [&[u8]; 2]) {
        self.state.reset();
        for piece in history.into_iter().filter(|piece| !piece.is_empty()) {
            self.state
                .set_dictionary(piece)
                .expect("a raw stream takes a dictionary when it has been flushed");
        }
    }
}

/// Programs rarely use more than one set of options; the second state is for large messages.
const MAX_DEFLATES: usize = 4;
