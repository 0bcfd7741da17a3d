//! A batch on its way to JavaScript: what is ready is read and decoded, handed over, and answered.
//!
//! Knows how messages and news are told, and in how many calls. Does not know which socket has its turn.

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

/// A batch under way, with the scope of its handles. It ends even if something panics.
struct Batch<'a> {
    dispatcher: &'a Dispatcher,
    scope: sys::napi_handle_scope,
    /// Ids and values for JavaScript: handles of the scope.
    arguments: Vec<sys::napi_value>,
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
        })
    }

    /// Nothing of the reactor is borrowed while JavaScript runs: a handler may call every method.
    fn run(&mut self) {
        let dispatcher = self.dispatcher;
        dispatcher.reactor.borrow_mut().collect(self);
        self.deliver();
        let mut reactor = dispatcher.reactor.borrow_mut();
        reactor.write();
        reactor.end_batch();
    }

    /// Hands everything to JavaScript. The dispatcher raises what handlers throw. If it throws itself, that
    /// is raised as well, and the rest is delivered as if it had not.
    fn deliver(&self) {
        let dispatcher = self.dispatcher;
        injection::point("deliver");
        let mut parts = self.arguments.chunks(MAX_CALL);
        let Some(last) = parts.next_back() else {
            return;
        };
        // No tick runs between the parts: one that polls a connection would overtake its messages in those
        // that are still to come.
        for part in parts {
            dispatcher.hand_over(part);
        }
        let mut is_done = dispatcher.call(&dispatcher.dispatch, last);
        // Each call gets past one entry at least, unless the environment is being terminated: then no
        // JavaScript runs any more.
        for _ in 0..self.arguments.len() {
            if is_done || dispatcher.is_closed.get() {
                break;
            }
            is_done = dispatcher.call(&dispatcher.resume, &[]);
        }
    }

    fn entry(&mut self, id: Id, entry: Entry, value: Option<sys::napi_value>) {
        let number = self.number((id.place as i32) << ENTRY_BITS | entry as i32);
        self.arguments.extend([number, value.unwrap_or(number)]);
    }

    fn number(&self, number: i32) -> sys::napi_value {
        let mut value = null_mut();
        // SAFETY: the environment is alive, a scope is open, the result is a valid place.
        unsafe { sys::napi_create_int32(self.dispatcher.env, number, &mut value) };
        value
    }

    fn value(&self, message: &Message<'_>) -> Option<sys::napi_value> {
        // SAFETY: the environment is alive, and `begin` has opened a scope.
        unsafe { value::message(self.dispatcher.env, message) }
    }

    /// A number or a reason why TLS does not go on.
    fn failure(&self, failure: Failure) -> sys::napi_value {
        match failure {
            Failure::Alert(alert) => self.number(i32::from(alert)),
            Failure::Refused(reason) => {
                let text = self.value(&Message {
                    kind: Kind::Text,
                    payload: reason.as_bytes(),
                    cuts: None,
                });
                text.unwrap_or_else(|| self.number(0))
            }
        }
    }
}

impl Sink for Batch<'_> {
    fn message(&mut self, id: Id, message: &Message<'_>) -> bool {
        let value = self.value(message);
        if value.is_some() {
            self.entry(id, Entry::Message, value);
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
    }

    fn len(&self) -> usize {
        self.arguments.len() / 2
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
        // SAFETY: the scope was opened by `begin`, and its handles have just been forgotten.
        unsafe { sys::napi_close_handle_scope(self.dispatcher.env, self.scope) };
    }
}

/// As the kernel numbers errors. Those of an allocator have no number.
fn number_of(error: &io::Error) -> i32 {
    let otherwise = match error.kind() {
        io::ErrorKind::OutOfMemory => libc::ENOMEM,
        _ => 0,
    };
    error.raw_os_error().unwrap_or(otherwise)
}

/// Numbers and values of one call; even, so that the two stay together. V8 puts arguments on the stack, and
/// the smallest stack that a worker of Node starts with (`stackSizeMb: 0.26`) does not take twice as many.
const MAX_CALL: usize = 1024;
