//! The states of zlib, one set per thread, shared by all connections.
//!
//! A compressor needs 270 KiB. With a compressor per connection, its memory would leave the cache
//! between turns, and fetching it costs several times as much as the computation. Therefore a
//! connection keeps only its recent bytes, and the thread's state is primed with them. No byte of a
//! connection reaches another connection.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use zlib_rs::{Deflate, DeflateConfig, Inflate, Method};

use super::options::{Strategy, WindowBits};

/// The identity and position of one direction of a connection. The states of one thread may have
/// seen messages that the states of another thread have not.
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

    /// Records another message.
    fn advance(&mut self) {
        self.messages += 1;
    }
}

/// The states of one thread.
#[derive(Default)]
pub(super) struct Workspace {
    /// Most recently used first.
    deflates: Vec<DeflateSlot>,
    inflate: Option<InflateSlot>,
    /// The buffer for compressed bytes. Its length is its capacity, and its content has no meaning.
    scratch: Vec<u8>,
}

struct DeflateSlot {
    kind: DeflateKind,
    state: Deflate,
    /// The stream whose end the state has seen.
    loaded: Option<StreamId>,
}

/// The parameters of a compressor that cannot be changed.
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
    /// Calls `work` with the states of this thread. Must not be nested.
    pub(super) fn with<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        WORKSPACE.with_borrow_mut(work)
    }

    /// Returns whether a compressor of this kind is still loaded with the stream.
    pub(super) fn has_deflate(&self, kind: DeflateKind, stream: StreamId) -> bool {
        let loaded = |slot: &DeflateSlot| slot.kind == kind && slot.loaded == Some(stream);
        self.deflates.iter().any(loaded)
    }

    /// Returns a compressor for the next message of this stream. Primes it with `history`, unless
    /// it is loaded with the stream.
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
        // The states of other kinds and threads do not see this message.
        stream.advance();
        slot.loaded = Some(*stream);
        self.deflates.insert(0, slot);
        let Some(slot) = self.deflates.first_mut() else {
            unreachable!("the slot was inserted above")
        };
        (&mut slot.state, &mut self.scratch)
    }

    /// Takes a decompressor for this stream, primed like a compressor. The caller
    /// [returns](Self::return_inflate) it.
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

    /// Returns a decompressor after another message. If `is_reusable`, the state has seen the end
    /// of the stream.
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

/// Resets a decompressor and primes it with the history of a stream.
pub(super) fn prime<const N: usize>(state: &mut Inflate, history: [&[u8]; N]) {
    state.reset(false);
    for piece in history.into_iter().filter(|piece| !piece.is_empty()) {
        state
            .set_dictionary(piece)
            .expect("a raw stream accepts a dictionary at any time");
    }
}

impl DeflateSlot {
    fn new(kind: DeflateKind) -> Self {
        let config = DeflateConfig {
            level: i32::from(kind.level),
            method: Method::Deflated,
            // Negative for a raw stream. zlib has no window of 256 bytes. Of a window of 512 bytes
            // it uses 250.
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
                .expect("a raw stream accepts a dictionary after a flush");
        }
    }
}

/// Most programs use one set of options, which needs a second state for large messages.
const MAX_DEFLATES: usize = 4;
