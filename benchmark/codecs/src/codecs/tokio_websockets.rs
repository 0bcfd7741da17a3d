//! tokio-websockets.

use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;

use futures_core::Stream;
use futures_sink::Sink;
use tokio_websockets::{Message, ServerBuilder, WebSocketStream};

use super::{Codec, now};
use crate::inspector::Inspector;
use crate::pipe::Pipe;
use crate::wire::{Kind, Wire};

pub(super) struct Tokio {
    socket: WebSocketStream<Pipe>,
    prepared: Vec<Message>,
    inspector: Inspector,
}

impl Tokio {
    pub(super) fn new(wire: Rc<Wire>) -> Self {
        let prepared = wire.messages.iter().map(|message| match message.kind {
            Kind::Text => Message::text(message.payload.clone()),
            Kind::Binary => Message::binary(message.payload.clone()),
        });
        Self {
            prepared: prepared.collect(),
            socket: ServerBuilder::new().serve(Pipe::new(Rc::clone(&wire))),
            inspector: Inspector::new(wire),
        }
    }
}

impl Codec for Tokio {
    fn receive(&mut self, messages: usize) {
        now(async {
            for _ in 0..messages {
                let next = poll_fn(|context| Pin::new(&mut self.socket).poll_next(context)).await;
                let message = next.expect("an open connection").expect("a message");
                let kind = if message.is_text() {
                    Kind::Text
                } else {
                    assert!(message.is_binary());
                    Kind::Binary
                };
                self.inspector.received(kind, message.as_payload());
            }
        });
    }

    fn send(&mut self, messages: usize) {
        now(async {
            for _ in 0..messages {
                let message = self.prepared[self.inspector.count()].clone();
                let mut socket = Pin::new(&mut self.socket);
                let ready = poll_fn(|context| socket.as_mut().poll_ready(context)).await;
                ready.expect("the pipe does not fail");
                socket
                    .as_mut()
                    .start_send(message)
                    .expect("an open connection");
                let flushed = poll_fn(|context| socket.as_mut().poll_flush(context)).await;
                flushed.expect("the pipe does not fail");
            }
        });
    }

    fn inspector(&mut self) -> &mut Inspector {
        &mut self.inspector
    }
}
