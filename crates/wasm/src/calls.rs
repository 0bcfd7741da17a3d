//! The functions that JavaScript calls for every message, chunk or turn. They accept numbers and return a number.
//! `lib/wasm/calls.js` contains the other half.
//!
//! If a number has no connection, the connection was released: the functions then return the results of an ended
//! connection.

use std::cell::RefCell;
use std::rc::Rc;

use engine::calls::{Behind, kind};
use engine::numbers;
use engine::registry::{self, Registered};
use proto::output::{Form, Kind, Message, ReadyState};

use crate::shared::{place, with_window};

/// Sends the text message in the window. Returns the number of bytes not yet taken, or a number of `Sent`.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn text(number: u32, length: u32) -> f64 {
    send(number, length, Form::Negotiated, Kind::Text)
}

/// Sends a message of the bytes in the window. Returns a number as `text` does.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn bytes(number: u32, is_text: u32, length: u32) -> f64 {
    send(number, length, Form::Negotiated, kind(is_text != 0))
}

/// Sends the message in the window uncompressed. Returns a number as `text` does.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn plain(number: u32, is_text: u32, length: u32) -> f64 {
    send(number, length, Form::Plain, kind(is_text != 0))
}

/// Sends a prepared message. Returns a number as `text` does; NaN if the message does not exist.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn prepared(number: u32, message: u32, is_plain: u32) -> f64 {
    let Some(message) = registry::prepared(message) else {
        return f64::NAN;
    };
    let form = if is_plain != 0 {
        Form::Plain
    } else {
        Form::Negotiated
    };
    with(number, REFUSED, |one| one.send_prepared(form, &message))
}

/// Stores bytes from the transport.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn receive(number: u32, length: u32) {
    with(number, (), |one| {
        with_window(length, |chunk| one.receive(chunk)).unwrap_or_default();
    });
}

/// Decodes messages, and places two addresses: that of the bytes of all messages, then that of numbers. The numbers
/// of a message are its bits and its length; for a message in pieces also their count and the end of each piece but
/// the last. Returns the number of messages; 0 until more bytes arrive, -1 if another output precedes them.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn messages(number: u32) -> i32 {
    with(number, 0, |one| {
        RUN.with_borrow_mut(|run| {
            run.clear();
            let behind = one.messages(|message| run.take(message));
            place(run.bytes.as_ptr(), run.numbers.as_ptr() as usize);
            match (run.count, behind) {
                (0, Behind::More) => OTHER,
                (count, _) => count,
            }
        })
    })
}

/// Fails the connection, because JavaScript has no memory for a message.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn exhaust(number: u32) {
    with(number, (), |one| one.connection().exhaust());
}

/// Returns the number of bytes not yet written. Places their address.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn output(number: u32) -> f64 {
    with(number, 0.0, |one| {
        let mut connection = one.connection();
        let bytes = connection.outbox().bytes();
        place(bytes.as_ptr(), bytes.len());
        bytes.len() as f64
    })
}

/// Removes bytes that JavaScript has taken from the output.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn advance(number: u32, length: u32) {
    with(number, (), |one| {
        let mut connection = one.connection();
        let length = (length as usize).min(connection.outbox().bytes().len());
        connection.outbox().advance(length);
    });
}

/// Returns the state of the connection: a number of `ReadyState`.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn ready_state(number: u32) -> i32 {
    with(number, numbers::ready_state(ReadyState::Closed), |one| {
        numbers::ready_state(one.connection().ready_state())
    })
}

/// Returns whether messages wait for `work`.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn has_work(number: u32) -> u32 {
    with(number, 0, |one| one.connection().has_work().into())
}

/// Returns whether received bytes have not been decoded yet.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn has_unread(number: u32) -> u32 {
    with(number, 0, |one| one.connection().has_unread().into())
}

/// Returns whether the transport should stop reading until the start, because enough bytes are stored.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn has_enough(number: u32) -> u32 {
    with(number, 0, |one| one.connection().has_enough().into())
}

/// Returns the number of bytes of accepted messages that JavaScript has not taken yet.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn buffered_amount(number: u32) -> f64 {
    with(number, 0.0, |one| one.connection().buffered_amount() as f64)
}

/// Marks the end of the message that was just accepted.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn mark(number: u32) {
    with(number, (), |one| one.connection().mark());
}

/// Returns the number of marks that have passed since the last call.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn take_passed(number: u32) -> u32 {
    with(number, 0, |one| {
        one.connection().outbox().take_passed() as u32
    })
}

fn send(number: u32, length: u32, form: Form, kind: Kind) -> f64 {
    with(number, REFUSED, |one| {
        with_window(length, |payload| one.send(form, kind, payload)).unwrap_or(REFUSED)
    })
}

/// Calls the body with the connection with that number. Returns `over` if the connection has been released.
fn with<R>(number: u32, over: R, body: impl FnOnce(&Registered) -> R) -> R {
    registry::connection(number).map_or(over, |one: Rc<Registered>| body(&one))
}

/// A run of messages for JavaScript.
struct Run {
    count: i32,
    bytes: Vec<u8>,
    numbers: Vec<u32>,
}

thread_local! {
    static RUN: RefCell<Run> = const { RefCell::new(Run { count: 0, bytes: Vec::new(), numbers: Vec::new() }) };
}

impl Run {
    fn clear(&mut self) {
        self.count = 0;
        self.bytes.clear();
        self.bytes.shrink_to(MAX_KEPT);
        self.numbers.clear();
        self.numbers.shrink_to(MAX_KEPT);
    }

    /// Adds a message. Returns false if there is no memory for it.
    fn take(&mut self, message: &Message<'_>) -> bool {
        let cuts = message.cuts.unwrap_or_default();
        let room = self.bytes.try_reserve(message.payload.len());
        if room.and(self.numbers.try_reserve(3 + cuts.len())).is_err() {
            return false;
        }
        let is_text = message.kind == Kind::Text;
        let mut what = u32::from(!is_text) * IS_BINARY;
        if message.cuts.is_some() {
            what |= IS_PIECES;
        } else if is_text && !message.payload.is_ascii() {
            what |= IS_UTF8;
        }
        self.numbers.extend([what, message.payload.len() as u32]);
        if message.cuts.is_some() {
            self.numbers.push(cuts.len() as u32 + 1);
            self.numbers.extend(cuts.iter().map(|&cut| cut as u32));
        }
        self.bytes.extend_from_slice(message.payload);
        self.count += 1;
        true
    }
}

/// The bits that describe a message.
const IS_BINARY: u32 = 1;
const IS_UTF8: u32 = 2;
const IS_PIECES: u32 = 4;

const REFUSED: f64 = numbers::REFUSED as f64;
/// The result of `messages` if another output precedes them.
const OTHER: i32 = -1;
/// The capacity that a run keeps for the next one, in bytes and in numbers.
const MAX_KEPT: usize = 2 * 1024 * 1024;
