//! A batch: read and decode what is ready, hand all of it to JavaScript, write what that has sent.
//!
//! Knows in which order, and how much of it before the loop has its other work. Does not know how values are
//! made for JavaScript.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::null_mut;
use std::rc::Rc;

use napi::sys;
use proto::output::{Kind, Message};
use tls::Failure;

use super::Inner;
use super::calls::checked;
use crate::convert::value;
use crate::fault;
use crate::registry::Shared;
use crate::run;
use crate::seam::{AGREED, Entry};
use crate::transport::crew;
use crate::transport::table::{Id, Read, Table};
use crate::transport::uv::Ready;

impl Ready for Inner {
    fn ready(&self) {
        if self.is_closed.get() {
            return;
        }
        let Some(batch) = Batch::begin(self) else {
            return;
        };
        let result = catch_unwind(AssertUnwindSafe(|| self.batch()));
        drop(batch);
        if result.is_err() {
            self.fault();
        }
    }
}

/// A batch under way, with the scope of its handles. It ends even if something panics.
struct Batch<'a> {
    inner: &'a Inner,
    scope: sys::napi_handle_scope,
}

impl<'a> Batch<'a> {
    fn begin(inner: &'a Inner) -> Option<Self> {
        let mut scope = null_mut();
        // SAFETY: the environment is alive until its cleanup hook has closed this reactor.
        let status = unsafe { sys::napi_open_handle_scope(inner.env, &mut scope) };
        checked(status).ok()?;
        inner.forget();
        inner.set_in_batch(true);
        Some(Self { inner, scope })
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        self.inner.set_in_batch(false);
        self.inner.forget();
        // SAFETY: the scope was opened by `begin`, and its handles have just been forgotten.
        unsafe { sys::napi_close_handle_scope(self.inner.env, self.scope) };
    }
}

impl Inner {
    fn batch(&self) {
        self.begin();
        self.collect();
        self.deliver();
        self.write();
        self.concerned.borrow_mut().clear();
        let mut table = self.table.borrow_mut();
        table.end_batch();
        if table.has_ready() {
            table.wake();
        }
    }

    /// Drops what is left of a batch: its handles are not valid in the next one.
    fn forget(&self) {
        self.arguments.borrow_mut().clear();
    }

    /// A batch has panicked outside the steps for one socket. Ends the sockets that it had something for, because
    /// their entries are lost. The next batch writes what is still to be written.
    pub(super) fn fault(&self) {
        let mut table = self.table.borrow_mut();
        for id in self.concerned.take() {
            table.fault(id);
        }
        table.end_batch();
        table.wake();
    }

    /// Has the table do something for the socket of that number, if there is one.
    pub(super) fn with<R>(
        &self,
        step: &str,
        number: u32,
        work: impl FnOnce(&mut Table, Id) -> R,
    ) -> Option<R> {
        let mut table = self.table.borrow_mut();
        let id = table.id_at(number as usize)?;
        table.guarded(step, id, |table| work(table, id))
    }

    fn begin(&self) {
        let mut table = self.table.borrow_mut();
        table.collect();
        for id in table.take_ended() {
            self.news(id, Entry::Ended, null_mut());
        }
        for (id, error) in table.take_broken() {
            let number = self.number(error_number(&error));
            self.news(id, Entry::Unwritable, number);
        }
        for id in table.take_passed() {
            self.news(id, Entry::Passed, null_mut());
        }
        for id in table.take_drained() {
            self.news(id, Entry::Drained, null_mut());
        }
    }

    /// Adds something that is told once and noted nowhere else.
    fn news(&self, id: Id, entry: Entry, value: sys::napi_value) {
        self.concerned.borrow_mut().push(id);
        self.entry(id, entry, value);
    }

    /// Reads whose turn it is, until the batch is full.
    fn collect(&self) {
        fault::point("collect");
        let mut bytes = 0;
        let mut turns = self.table.borrow().ready_count().min(MAX_READS);
        while bytes < MAX_BYTES && turns > 0 && self.arguments.borrow().len() < MAX_BATCH {
            let mut table = self.table.borrow_mut();
            let Some(id) = table.next_ready() else { break };
            turns -= 1;
            self.concerned.borrow_mut().push(id);
            let before = self.arguments.borrow().len();
            let read = table.guarded("read", id, |table| table.read(id));
            match read.unwrap_or(Read::Nothing) {
                Read::Nothing => {}
                Read::End => self.entry(id, Entry::Ended, null_mut()),
                Read::Failed(error) => {
                    let number = self.number(error_number(&error));
                    self.entry(id, Entry::Failed, number);
                }
                Read::Secured => self.entry(id, Entry::Secure, self.number(AGREED)),
                Read::Refused(Failure::Alert(alert)) => {
                    self.entry(id, Entry::Secure, self.number(i32::from(alert)));
                }
                Read::Refused(Failure::Refused(reason)) => {
                    let kind = Kind::Text;
                    let payload = reason.as_bytes();
                    // SAFETY: the environment is alive, and `ready` has opened a scope.
                    let text = unsafe {
                        value::message(
                            self.env,
                            &Message {
                                kind,
                                payload,
                                cuts: None,
                            },
                        )
                    };
                    self.entry(id, Entry::Secure, text.unwrap_or_else(|| self.number(0)));
                }
                Read::Bytes(read) => {
                    bytes += read;
                    let connection = table.get(id).map(|socket| Rc::clone(&socket.connection));
                    if let Some(connection) = connection {
                        let decoded =
                            table.guarded("decoded", id, |_| self.decode(id, &connection));
                        bytes += decoded.unwrap_or_default();
                    }
                    // Part of a large message: reads on. A socket with something to deliver waits for the
                    // handlers and the other sockets.
                    if self.arguments.borrow().len() == before {
                        turns += 1;
                    }
                }
            }
        }
    }

    /// The messages of a connection that has received bytes. How long they are.
    fn decode(&self, id: Id, connection: &Shared) -> usize {
        let mut connection = connection.borrow_mut();
        let run = run::decode(&mut connection, |message| {
            fault::point("decode");
            // SAFETY: the environment is alive, and `ready` has opened a scope.
            let Some(value) = (unsafe { value::message(self.env, message) }) else {
                return false;
            };
            self.entry(id, Entry::Message, value);
            true
        });
        if !run.is_whole || connection.needs_poll() {
            self.entry(id, Entry::Poll, null_mut());
        }
        run.bytes
    }

    /// Hands everything to JavaScript. The dispatcher raises what handlers throw. If it throws itself, that
    /// is raised as well, and the rest is delivered as if it had not.
    fn deliver(&self) {
        let mut arguments = std::mem::take(&mut *self.arguments.borrow_mut());
        fault::point("deliver");
        let mut parts = arguments.chunks(MAX_CALL);
        if let Some(last) = parts.next_back() {
            // No tick runs between the parts: one that polls a connection would overtake its messages in those
            // that are still to come.
            for part in parts {
                self.hand_over(part);
            }
            let mut is_done = self.call(&self.dispatch, last);
            // Each call gets past one entry at least, unless the environment is being terminated: then no
            // JavaScript runs any more.
            for _ in 0..arguments.len() {
                if is_done || self.is_closed.get() {
                    break;
                }
                is_done = self.call(&self.resume, &[]);
            }
        }
        arguments.clear();
        *self.arguments.borrow_mut() = arguments;
    }

    /// Writes what the batch has sent, one socket after the other.
    pub(super) fn write(&self) {
        fault::point("write");
        let mut table = self.table.borrow_mut();
        // What is written causes nothing: no socket is added meanwhile. They are forgotten when all of them
        // have been written, and not before.
        let dirty = self.dirty.borrow();
        if dirty.len() >= WIDE && self.has_crew && crew::is_available() {
            table.send_away(&dirty);
        } else {
            for &id in dirty.iter() {
                table.guarded("flush dirty", id, |table| table.flush_dirty(id));
            }
        }
        drop(dirty);
        self.dirty.borrow_mut().clear();
    }
}

/// As the kernel numbers errors. Those of an allocator have no number.
fn error_number(error: &io::Error) -> i32 {
    let otherwise = match error.kind() {
        io::ErrorKind::OutOfMemory => libc::ENOMEM,
        _ => 0,
    };
    error.raw_os_error().unwrap_or(otherwise)
}

/// Sockets that a batch writes to from which on workers do it. Handing over costs some microseconds, and
/// a write five.
const WIDE: usize = 64;
/// What one batch reads and decodes, so that no flood keeps the loop from its other work.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_READS: usize = 1024;
/// Numbers and values from which on a batch reads no more.
const MAX_BATCH: usize = 8192;
/// Numbers and values of one call; even, so that the two stay together. V8 puts arguments on the stack, and
/// the smallest stack that a worker of Node starts with (`stackSizeMb: 0.26`) does not take twice as many.
const MAX_CALL: usize = 1024;
