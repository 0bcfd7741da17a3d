//! sockudo-ws: its protocol without its stream, with the buffer that the stream would use.

use std::rc::Rc;

use bytes::BytesMut;
use sockudo_ws::protocol::Protocol;
use sockudo_ws::{Message, RECV_BUFFER_SIZE, Role};

use super::Codec;
use crate::inspector::Inspector;
use crate::pipe::Pipe;
use crate::wire::{Kind, Wire};

pub(super) struct Sockudo {
    protocol: Protocol,
    input: BytesMut,
    output: BytesMut,
    received: Vec<Message>,
    prepared: Vec<Message>,
    pipe: Pipe,
    inspector: Inspector,
}

impl Sockudo {
    pub(super) fn new(wire: Rc<Wire>) -> Self {
        let prepared = wire.messages.iter().map(|message| match message.kind {
            Kind::Text => Message::Text(message.payload.clone()),
            Kind::Binary => Message::Binary(message.payload.clone()),
        });
        Self {
            protocol: Protocol::new(Role::Server, MAX_LENGTH, MAX_LENGTH),
            input: BytesMut::with_capacity(RECV_BUFFER_SIZE),
            output: BytesMut::new(),
            received: Vec::new(),
            prepared: prepared.collect(),
            pipe: Pipe::new(Rc::clone(&wire)),
            inspector: Inspector::new(wire),
        }
    }
}

impl Codec for Sockudo {
    fn receive(&mut self, messages: usize) {
        let goal = self.inspector.messages + messages;
        while self.inspector.messages < goal {
            self.input.reserve(RECV_BUFFER_SIZE);
            let room = self.input.capacity() - self.input.len();
            self.input.extend_from_slice(self.pipe.take(room));
            let processed = self
                .protocol
                .process_into(&mut self.input, &mut self.received);
            processed.expect("valid frames");
            for message in self.received.drain(..) {
                match message {
                    Message::Text(text) => self.inspector.received(Kind::Text, &text),
                    Message::Binary(payload) => self.inspector.received(Kind::Binary, &payload),
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    fn send(&mut self, messages: usize) {
        for _ in 0..messages {
            let message = &self.prepared[self.inspector.count()];
            let encoded = self.protocol.encode_message(message, &mut self.output);
            encoded.expect("a message that may be sent");
            let written = self.pipe.put(&self.output);
            assert_eq!(written, self.output.len());
            self.output.clear();
        }
    }

    fn inspector(&mut self) -> &mut Inspector {
        &mut self.inspector
    }
}

const MAX_LENGTH: usize = 64 * 1024 * 1024;
