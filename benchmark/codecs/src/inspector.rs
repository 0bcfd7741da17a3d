//! The comparison of received messages with the expected ones.

use std::rc::Rc;

use crate::wire::{Kind, Wire};

/// Receives the messages of a codec. Panics at the first that differs.
pub(crate) struct Inspector {
    wire: Rc<Wire>,
    next: usize,
    /// The number of messages so far.
    pub(crate) messages: usize,
    /// Whether to compare all bytes. Otherwise only kind, length, and the bytes at both ends, which costs little.
    pub(crate) is_thorough: bool,
}

impl Inspector {
    pub(crate) fn new(wire: Rc<Wire>) -> Self {
        Self {
            wire,
            next: 0,
            messages: 0,
            is_thorough: false,
        }
    }

    /// Returns the number of messages on the wire.
    pub(crate) fn expected(&self) -> usize {
        self.wire.messages.len()
    }

    #[inline]
    pub(crate) fn received(&mut self, kind: Kind, payload: &[u8]) {
        let expected = &self.wire.messages[self.next];
        assert!(kind == expected.kind && payload.len() == expected.payload.len());
        assert_eq!(payload.first_chunk::<8>(), expected.payload.first_chunk());
        assert_eq!(payload.last_chunk::<8>(), expected.payload.last_chunk());
        if self.is_thorough {
            assert!(payload == expected.payload);
        }
        self.count();
    }

    /// Counts a message, and returns its place on the wire.
    pub(crate) fn count(&mut self) -> usize {
        let index = self.next;
        self.next = (index + 1) % self.wire.messages.len();
        self.messages += 1;
        index
    }
}
