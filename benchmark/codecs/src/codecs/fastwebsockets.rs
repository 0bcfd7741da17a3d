//! fastwebsockets, with its collector of fragments.

use std::rc::Rc;

use fastwebsockets::{FragmentCollector, Frame, OpCode, Payload, Role, WebSocket};

use super::{Codec, now};
use crate::inspector::Inspector;
use crate::pipe::Pipe;
use crate::wire::{Kind, Wire};

pub(super) struct Fast {
    socket: FragmentCollector<Pipe>,
    wire: Rc<Wire>,
    inspector: Inspector,
}

impl Fast {
    pub(super) fn new(wire: Rc<Wire>) -> Self {
        let pipe = Pipe::new(Rc::clone(&wire));
        Self {
            socket: FragmentCollector::new(WebSocket::after_handshake(pipe, Role::Server)),
            inspector: Inspector::new(Rc::clone(&wire)),
            wire,
        }
    }
}

impl Codec for Fast {
    fn receive(&mut self, messages: usize) {
        now(async {
            for _ in 0..messages {
                let frame = self.socket.read_frame().await.expect("a message");
                let kind = match frame.opcode {
                    OpCode::Text => Kind::Text,
                    OpCode::Binary => Kind::Binary,
                    opcode => panic!("{opcode:?}"),
                };
                self.inspector.received(kind, &frame.payload);
            }
        });
    }

    fn send(&mut self, messages: usize) {
        now(async {
            for _ in 0..messages {
                let message = &self.wire.messages[self.inspector.count()];
                let payload = Payload::Borrowed(&message.payload);
                let frame = match message.kind {
                    Kind::Text => Frame::text(payload),
                    Kind::Binary => Frame::binary(payload),
                };
                self.socket
                    .write_frame(frame)
                    .await
                    .expect("the pipe does not fail");
            }
        });
    }

    fn inspector(&mut self) -> &mut Inspector {
        &mut self.inspector
    }
}
