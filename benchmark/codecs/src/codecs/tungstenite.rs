//! tungstenite.

use std::rc::Rc;

use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

use super::Codec;
use crate::inspector::Inspector;
use crate::pipe::Pipe;
use crate::wire::{Kind, Wire};

pub(super) struct Tungstenite {
    socket: WebSocket<Pipe>,
    prepared: Vec<Message>,
    inspector: Inspector,
}

impl Tungstenite {
    pub(super) fn new(wire: Rc<Wire>) -> Self {
        let prepared = wire.messages.iter().map(|message| match message.kind {
            Kind::Text => Message::Text(message.payload.clone().try_into().expect("UTF-8")),
            Kind::Binary => Message::Binary(message.payload.clone()),
        });
        Self {
            prepared: prepared.collect(),
            socket: WebSocket::from_raw_socket(Pipe::new(Rc::clone(&wire)), Role::Server, None),
            inspector: Inspector::new(wire),
        }
    }
}

impl Codec for Tungstenite {
    fn receive(&mut self, messages: usize) {
        for _ in 0..messages {
            match self.socket.read().expect("a message") {
                Message::Text(text) => self.inspector.received(Kind::Text, text.as_ref()),
                Message::Binary(payload) => self.inspector.received(Kind::Binary, &payload),
                other => panic!("{other:?}"),
            }
        }
    }

    fn send(&mut self, messages: usize) {
        for _ in 0..messages {
            let message = self.prepared[self.inspector.count()].clone();
            self.socket.send(message).expect("the pipe does not fail");
        }
    }

    fn inspector(&mut self) -> &mut Inspector {
        &mut self.inspector
    }
}
