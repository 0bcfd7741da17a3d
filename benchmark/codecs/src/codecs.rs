//! The compared codecs: each as a server after the opening handshake, with its default settings.

mod core;
mod fastwebsockets;
mod sockudo;
mod tokio_websockets;
mod tungstenite;

use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::inspector::Inspector;
use crate::wire::Wire;

/// A connection of one codec.
pub(crate) trait Codec {
    /// Receives at least this number of messages, and passes each to the inspector.
    fn receive(&mut self, messages: usize);

    /// Sends the next messages of the wire, each with a write of its own.
    fn send(&mut self, messages: usize);

    fn inspector(&mut self) -> &mut Inspector;
}

/// Opens a connection.
pub(crate) type Open = fn(Rc<Wire>) -> Box<dyn Codec>;

/// Returns the codec with this name of `benchmark/codecs/cases.js`.
pub(crate) fn named(name: &str) -> Open {
    match name {
        "core" => |wire| Box::new(core::Core::new(wire)),
        "fastwebsockets" => |wire| Box::new(fastwebsockets::Fast::new(wire)),
        "tungstenite" => |wire| Box::new(tungstenite::Tungstenite::new(wire)),
        "tokio-websockets" => |wire| Box::new(tokio_websockets::Tokio::new(wire)),
        "sockudo-ws" => |wire| Box::new(sockudo::Sockudo::new(wire)),
        _ => panic!("no such codec: {name}"),
    }
}

/// Returns the result of an operation on the pipe, which is always ready.
fn now<F: Future>(operation: F) -> F::Output {
    match pin!(operation).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("the pipe is always ready"),
    }
}
