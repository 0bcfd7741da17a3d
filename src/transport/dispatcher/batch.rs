//! A batch on its way to JavaScript: reads and decodes, delivers, and writes the answers.
//!
//! Knows the form in which messages and events reach JavaScript, and the number of calls. Does not know the order of
//! the sockets.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;

use napi::sys;
use proto::output::{Kind, Message};
use tls::Failure;

use super::Dispatcher;
use super::calls::checked;
use crate::convert::value;
use crate::injection;
use crate::seam::{AGREED, ENTRY_BITS, Entry};
use crate::transport::reactor::Sink;
use crate::transport::socket::News;
use crate::transport::table::Id;
use crate::transport::uv::Ready;

impl Ready for Dispatcher {
    fn ready(&self) {
        if self.is_closed.get() {
            return;
        }
        let Some(mut batch) = Batch::begin(self) else {
            return;
        };
        let result = catch_unwind(AssertUnwindSafe(|| batch.run()));
        drop(batch);
        if result.is_err() {
            self.reactor.borrow_mut().fault();
        }
    }
}

/// A running batch, with the scope of its handles. It ends even after a panic.
struct Batch<'a> {
    dispatcher: &'a Dispatcher,
    scope: sys::napi_handle_scope,
    /// Ids and values for JavaScript: handles of the scope.
    arguments: Vec<sys::napi_value>,
    /// The places in `arguments` at which a new call begins.
    cuts: Vec<usize>,
    /// The socket whose message is the last argument.
    row: Option<Id>,
    /// The number of messages and events.
    count: usize,
}

impl<'a> Batch<'a> {
    fn begin(dispatcher: &'a Dispatcher) -> Option<Self> {
        let mut scope = null_mut();
        // SAFETY: the environment is alive until its cleanup hook has closed this dispatcher.
        let status = unsafe { sys::napi_open_handle_scope(dispatcher.env, &mut scope) };
        checked(status).ok()?;
        dispatcher.set_in_batch(true);
        Some(Self {
            dispatcher,
            scope,
            arguments: dispatcher.arguments.take(),
            cuts: Vec::new(),
            row: None,
            count: 0,
        })
    }

    /// Runs the batch. Borrows nothing of the reactor while JavaScript runs, because a handler may call every method.
    fn run(&mut self) {
        let dispatcher = self.dispatcher;
        dispatcher.reactor.borrow_mut().collect(self);
        self.deliver();
        let mut reactor = dispatcher.reactor.borrow_mut();
        reactor.write();
        reactor.end_batch();
    }

    /// Delivers all messages and events to JavaScript. JavaScript raises the exceptions of handlers. If `dispatch`
    /// itself throws, this method raises the exception and delivers the rest.
    fn deliver(&self) {
        let dispatcher = self.dispatcher;
        injection::point("deliver");
        if self.arguments.is_empty() {
            return;
        }
        let mut last = self.arguments.as_slice();
        let mut begin = 0;
        // No tick runs between the parts: a tick that polls a connection would overtake messages in later parts.
        for &cut in &self.cuts {
            let (part, rest) = last.split_at(cut - begin);
            dispatcher.hand_over(part);
            (last, begin) = (rest, cut);
        }
        let mut is_done = dispatcher.call(&dispatcher.dispatch, last);
        // Each call delivers at least one entry, unless the environment is being terminated and runs no JavaScript
        // any more.
        for _ in 0..self.arguments.len() {
            if is_done || dispatcher.is_closed.get() {
                break;
            }
            is_done = dispatcher.call(&dispatcher.continue_batch, &[]);
        }
    }

    /// Adds the id of an entry, and its value, which follows in the same call.
    fn entry(&mut self, id: Id, entry: Entry, value: Option<sys::napi_value>) {
        let begin = self.cuts.last().copied().unwrap_or(0);
        if self.arguments.len() + 2 > begin + MAX_CALL {
            self.cuts.push(self.arguments.len());
        }
        let number = self.number((id.place as i32) << ENTRY_BITS | entry as i32);
        self.arguments.extend([number, value.unwrap_or(number)]);
    }

    /// Returns whether the next message of that socket needs no id: it follows another message in the same call.
    fn continues_row(&self, id: Id) -> bool {
        let begin = self.cuts.last().copied().unwrap_or(0);
        self.row == Some(id) && self.arguments.len() < begin + MAX_CALL
    }

    fn number(&self, number: i32) -> sys::napi_value {
        let mut value = null_mut();
        // SAFETY: the environment is alive, a scope is open, and the result is a valid place.
        unsafe { sys::napi_create_int32(self.dispatcher.env, number, &mut value) };
        value
    }

    fn value(&self, message: &Message<'_>) -> Option<sys::napi_value> {
        // SAFETY: the environment is alive, and `begin` has opened a scope.
        unsafe { value::message(self.dispatcher.env, message, &mut None) }
    }

    /// Converts the failure of TLS to the number of an alert or to a reason.
    fn failure(&self, failure: Failure) -> sys::napi_value {
        match failure {
            Failure::Alert(alert) => self.number(i32::from(alert)),
            Failure::Refused(reason) => {
                let text = self.value(&Message {
                    kind: Kind::Text,
                    payload: reason.as_bytes(),
                    cuts: None,
                    is_ascii: false,
                });
                text.unwrap_or_else(|| self.number(0))
            }
        }
    }
}

impl Sink for Batch<'_> {
    fn message(&mut self, id: Id, message: &Message<'_>) -> bool {
        let Some(value) = self.value(message) else {
            return false;
        };
        if self.continues_row(id) {
            self.arguments.push(value);
        } else {
            self.entry(id, Entry::Message, Some(value));
            self.row = Some(id);
        }
        self.count += 1;
        true
    }

    fn bytes(&mut self, id: Id, bytes: &[u8]) -> bool {
        let value = self.value(&Message {
            kind: Kind::Binary,
            payload: bytes,
            cuts: None,
            is_ascii: false,
        });
        if value.is_some() {
            self.entry(id, Entry::Bytes, value);
            self.row = None;
            self.count += 1;
        }
        value.is_some()
    }

    fn news(&mut self, id: Id, news: News) {
        let (entry, value) = match news {
            News::Poll => (Entry::Poll, None),
            News::Drained => (Entry::Drained, None),
            News::Passed => (Entry::Passed, None),
            News::Ended => (Entry::Ended, None),
            News::Failed(error) => (Entry::Failed, Some(self.number(number_of(&error)))),
            News::Unwritable(error) => (Entry::Unwritable, Some(self.number(number_of(&error)))),
            News::Secured => (Entry::Secure, Some(self.number(AGREED))),
            News::Refused(failure) => (Entry::Secure, Some(self.failure(failure))),
        };
        self.entry(id, entry, value);
        self.row = None;
        self.count += 1;
    }

    fn len(&self) -> usize {
        self.count
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.dispatcher.set_in_batch(false);
        // The handles are not valid in the next batch.
        self.arguments.clear();
        self.dispatcher
            .arguments
            .replace(std::mem::take(&mut self.arguments));
        // SAFETY: `begin` has opened the scope, and its handles have just been cleared.
        unsafe { sys::napi_close_handle_scope(self.dispatcher.env, self.scope) };
    }
}

/// Returns the kernel's number of an error. An allocator's error has none, so it becomes ENOMEM.
fn number_of(error: &io::Error) -> i32 {
    let otherwise = match error.kind() {
        io::ErrorKind::OutOfMemory => libc::ENOMEM,
        _ => 0,
    };
    error.raw_os_error().unwrap_or(otherwise)
}

/// The maximum number of ids and values of one call. V8 puts arguments on the stack. The smallest stack with which a worker of Node starts (`stackSizeMb: 0.26`) does not hold twice as many.
const MAX_CALL: usize = 1024;
