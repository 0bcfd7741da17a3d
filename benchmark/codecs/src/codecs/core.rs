//! The core of this package, as the addon uses it.

use std::rc::Rc;

use proto::connection::Connection;
use proto::output::{self, Form};
use proto::policy::Policy;

use super::Codec;
use crate::inspector::Inspector;
use crate::pipe::Pipe;
use crate::wire::{Kind, Wire};

pub(super) struct Core {
    connection: Connection,
    wire: Rc<Wire>,
    pipe: Pipe,
    inspector: Inspector,
}

impl Core {
    pub(super) fn new(wire: Rc<Wire>) -> Self {
        let policy = Policy::websocket_driver_server();
        Self {
            connection: Connection::established(&policy, policy.versions[0], None),
            pipe: Pipe::new(Rc::clone(&wire)),
            inspector: Inspector::new(Rc::clone(&wire)),
            wire,
        }
    }
}

impl Codec for Core {
    fn receive(&mut self, messages: usize) {
        let goal = self.inspector.messages + messages;
        while self.inspector.messages < goal {
            let read = self
                .connection
                .read(|into| std::io::Read::read(&mut self.pipe, into));
            read.expect("the pipe does not fail");
            while let Some(message) = self.connection.poll_message() {
                let kind = match message.kind {
                    output::Kind::Text => Kind::Text,
                    output::Kind::Binary => Kind::Binary,
                };
                self.inspector.received(kind, message.payload);
            }
            assert!(!self.connection.needs_poll(), "only messages arrive");
        }
    }

    fn send(&mut self, messages: usize) {
        for _ in 0..messages {
            let message = &self.wire.messages[self.inspector.count()];
            let kind = match message.kind {
                Kind::Text => output::Kind::Text,
                Kind::Binary => output::Kind::Binary,
            };
            let pipe = &mut self.pipe;
            let is_sent = self.connection.send_through(
                Form::Negotiated,
                kind,
                &message.payload,
                |header, payload| pipe.put(header) + pipe.put(payload),
            );
            assert!(is_sent && self.connection.outbox().is_empty());
        }
    }

    fn inspector(&mut self) -> &mut Inspector {
        &mut self.inspector
    }
}
