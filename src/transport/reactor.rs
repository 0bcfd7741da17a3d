//! The reactor: one per environment, called by its event loop when any of its sockets is ready.
//!
//! Knows in which order things happen: read and decode what is ready, hand all of it to JavaScript in
//! one call, write what that has sent. Does not know events, phases or timers.

use std::cell::{Cell, RefCell};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::{NonNull, null_mut};
use std::rc::{Rc, Weak};

use napi::bindgen_prelude::{Buffer, Function, Int32Array, JsValue as _, Object};
use napi::{CleanupEnvHook, Env, Error, Result, Status, sys};
use napi_derive::napi;
use proto::output::{Kind, Message};
use tls::Failure;

use super::crew;
use super::descriptor::is_stream_socket;
use super::table::{Id, Read, Table};
use super::tls::TlsConfig;
use super::uv::{Loop, Ready, Uv, Watch};
use crate::driver::Driver;
use crate::fault;
use crate::registry::Shared;
use crate::value::{self, Bytes};

/// Sockets of one environment, read and written by descriptor. What arrives is handed to a dispatcher:
/// `dispatch(id, value, id, value …)`, where the id is that of the socket times eight, plus what the
/// value is (see `Entry`).
#[napi]
pub struct Reactor {
    inner: Rc<Inner>,
    /// Closes it when the environment ends.
    hook: Option<CleanupEnvHook<Weak<Inner>>>,
}

/// What a dispatcher is told about a socket.
#[derive(Clone, Copy)]
enum Entry {
    /// The value is a message.
    Message = 0,
    /// Something has happened that is no message: the driver has to be polled.
    Poll = 1,
    /// What waited has been written.
    Drained = 2,
    /// The peer has ended its half.
    Ended = 3,
    /// Reading has failed. The value is the error number.
    Failed = 4,
    /// Writing has failed. The value is the error number.
    Unwritable = 5,
    /// Something has left that somebody waits for.
    Passed = 6,
    /// Of TLS. The value is -1 when it has been agreed on, and the server is who it says; the number of
    /// the server's alert, or a reason, when it does not go on.
    Secure = 7,
}

/// Who connects a driver to the reactor that moves its bytes.
pub(crate) struct Link {
    inner: Rc<Inner>,
    id: Id,
}

struct Inner {
    env: sys::napi_env,
    collect: Cell<sys::napi_ref>,
    dispatch: Cell<sys::napi_ref>,
    resume: Cell<sys::napi_ref>,
    receiver: Cell<sys::napi_ref>,
    table: RefCell<Table>,
    /// Who has something to write at the end of the batch.
    dirty: RefCell<Vec<Id>>,
    /// Ids and values of the next call.
    arguments: RefCell<Vec<sys::napi_value>>,
    /// Who has something to hear in the batch under way.
    concerned: RefCell<Vec<Id>>,
    watch: RefCell<Option<Watch<Inner>>>,
    /// Shared with JavaScript: whether a batch is under way, and one more than the number of the socket whose
    /// peer has caused what is sent now (0: no peer has). None once the reactor is closed: the reference
    /// must not outlive the environment.
    state: RefCell<Option<Int32Array>>,
    /// Sockets that keep the process alive.
    alive: Cell<u32>,
    /// Whether workers may write: where descriptors are closed behind our back they may not.
    has_crew: bool,
    is_closed: Cell<bool>,
}

#[napi]
impl Reactor {
    /// Watches the sockets of this environment. A batch comes to `dispatch`, which delivers it; what is too
    /// much for one call comes to `collect` first. `resume` goes on behind a handler that has thrown. `state`
    /// is an array of two numbers: 1 while a batch is under way, and one more than the number of the socket
    /// whose peer has caused what is sent now, or 0. `hasCrew` lets workers write for wide batches: on the
    /// main thread only. Throws where libuv cannot be found.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: &Env,
        receiver: Object,
        collect: Function,
        dispatch: Function,
        resume: Function,
        state: Int32Array,
        has_crew: bool,
    ) -> Result<Self> {
        let unavailable = |what: &str| Error::new(Status::GenericFailure, what.to_owned());
        let uv = Uv::find().ok_or_else(|| unavailable("libuv cannot be found"))?;
        let table = Table::new().map_err(|error| unavailable(&error.to_string()))?;
        let descriptor = table.descriptor();
        let event_loop = NonNull::new(env.get_uv_event_loop()?.cast::<Loop>())
            .ok_or_else(|| unavailable("There is no event loop"))?;
        let raw = env.raw();
        let inner = Rc::new(Inner {
            env: raw,
            collect: Cell::new(reference(raw, collect.raw())?),
            dispatch: Cell::new(reference(raw, dispatch.raw())?),
            resume: Cell::new(reference(raw, resume.raw())?),
            receiver: Cell::new(reference(raw, receiver.raw())?),
            table: RefCell::new(table),
            dirty: RefCell::default(),
            arguments: RefCell::default(),
            concerned: RefCell::default(),
            watch: RefCell::default(),
            state: RefCell::new(Some(state)),
            alive: Cell::new(0),
            has_crew,
            is_closed: Cell::new(false),
        });
        // SAFETY: the loop is this environment's and outlives it; the watch is dropped by the cleanup
        // hook at the latest, on this thread. The descriptor is the table's, which `inner` owns: the
        // watch goes first.
        let watch = unsafe { Watch::new(uv, event_loop, descriptor, Rc::clone(&inner)) };
        let Some(watch) = watch else {
            // The caller tries again with the next socket: nothing may stay.
            inner.release();
            return Err(unavailable("The event loop watches no descriptors"));
        };
        *inner.watch.borrow_mut() = Some(watch);
        let hook = env.add_env_cleanup_hook(Rc::downgrade(&inner), |inner: Weak<Inner>| {
            if let Some(inner) = inner.upgrade() {
                inner.close();
            }
        })?;
        Ok(Self {
            inner,
            hook: Some(hook),
        })
    }

    /// Takes over reading and writing of a socket, by TLS if there is a configuration, with the host of
    /// that name. Its number, or -1 if the descriptor is no stream socket, or the name that of no host.
    #[napi(catch_unwind)]
    pub fn add(
        &self,
        descriptor: i32,
        driver: &Driver,
        tls: Option<&TlsConfig>,
        host: Option<String>,
    ) -> Result<i32> {
        if self.inner.is_closed.get() || !is_stream_socket(descriptor) {
            return Ok(-1);
        }
        let session = match tls {
            None => None,
            Some(config) => match config.session(&host.unwrap_or_default()) {
                None => return Ok(-1),
                session => session,
            },
        };
        let mut table = self.inner.table.borrow_mut();
        let Ok(id) = table.add(descriptor, driver.registered().shared(), session) else {
            return Ok(-1);
        };
        driver.registered().link(Some(Link {
            inner: Rc::clone(&self.inner),
            id,
        }));
        if tls.is_some() {
            table.guarded("flush", id, |table| table.flush(id));
        }
        i32::try_from(id.place).map_err(|_| Error::from_reason("too many sockets"))
    }

    /// Lets go of a socket, before its owner closes or reads it.
    #[napi(catch_unwind)]
    pub fn remove(&self, number: u32, driver: &Driver) {
        driver.registered().link(None);
        let mut table = self.inner.table.borrow_mut();
        if let Some(id) = table.id_at(number as usize) {
            table.remove(id);
        }
        if !self.inner.is_in_batch() {
            table.end_batch();
        }
    }

    /// Stops or starts reading.
    #[napi(catch_unwind)]
    pub fn set_reading(&self, number: u32, is_reading: bool) {
        let mut table = self.inner.table.borrow_mut();
        if let Some(id) = table.id_at(number as usize) {
            table.set_reading(id, is_reading);
        }
    }

    /// Offers what waits to the kernel. False when it does not take everything.
    #[napi(catch_unwind)]
    pub fn flush(&self, number: u32) -> bool {
        self.inner
            .with("flush", number, Table::flush)
            .unwrap_or(true)
    }

    /// Ends TLS on a socket that is about to be let go of: offers to the kernel what waits, and the
    /// goodbye. What it does not take of that.
    #[napi(catch_unwind)]
    pub fn finish(&self, number: u32) -> Buffer {
        let rest = self.inner.with("finish", number, Table::finish);
        rest.unwrap_or_default().into()
    }

    /// Writes bytes of somebody else's by TLS. False when the kernel does not take everything.
    #[napi(catch_unwind)]
    pub fn write_around(
        &self,
        number: u32,
        #[napi(ts_arg_type = "Uint8Array")] bytes: Bytes<'_>,
    ) -> bool {
        let write = |table: &mut Table, id| table.write_around(id, &bytes);
        self.inner
            .with("write around", number, write)
            .unwrap_or(true)
    }

    /// Bytes that TLS has encrypted and the kernel has not taken.
    #[napi(catch_unwind)]
    pub fn pending(&self, number: u32) -> f64 {
        let mut table = self.inner.table.borrow_mut();
        let id = table.id_at(number as usize);
        id.map_or(0, |id| table.pending(id)) as f64
    }

    /// Bytes that wait until the kernel takes more; none while it takes everything.
    #[napi(catch_unwind)]
    pub fn waiting(&self, number: u32) -> f64 {
        let mut table = self.inner.table.borrow_mut();
        let id = table.id_at(number as usize);
        id.map_or(0, |id| table.waiting(id)) as f64
    }

    /// Ends a batch that JavaScript has begun by setting the state to 1: writes what it has sent.
    #[napi(catch_unwind)]
    pub fn end_batch(&self) {
        self.inner.set_in_batch(false);
        if catch_unwind(AssertUnwindSafe(|| self.inner.write())).is_err() {
            self.inner.fault();
        }
    }

    /// Ends the reactor, which has no sockets any more. It does nothing from now on.
    #[napi(catch_unwind)]
    pub fn close(&mut self, env: &Env) -> Result<()> {
        self.inner.close();
        self.inner.release();
        match self.hook.take() {
            Some(hook) => env.remove_env_cleanup_hook(hook),
            None => Ok(()),
        }
    }

    /// The process ends: offers everything to the kernel that waits for the end of a batch.
    #[napi(catch_unwind)]
    pub fn flush_all(&self) {
        let mut table = self.inner.table.borrow_mut();
        for id in self.inner.dirty.take() {
            table.guarded("flush", id, |table| table.flush(id));
        }
        table.call_back();
    }

    /// Whether one socket more, or less, keeps the process alive.
    #[napi(catch_unwind)]
    pub fn keep_alive(&self, more: bool) {
        let alive = self.inner.alive.get();
        let alive = if more {
            alive + 1
        } else {
            alive.saturating_sub(1)
        };
        self.inner.alive.set(alive);
        if let Some(watch) = &*self.inner.watch.borrow() {
            watch.keep_alive(alive > 0);
        }
    }

    /// Milliseconds since a socket has received or sent bytes.
    #[napi(catch_unwind)]
    pub fn idle_time(&self, number: u32) -> f64 {
        let mut table = self.inner.table.borrow_mut();
        let id = table.id_at(number as usize);
        let socket = id.and_then(|id| table.get(id));
        socket.map_or(0.0, |socket| {
            socket.traffic.active.elapsed().as_secs_f64() * 1000.0
        })
    }

    /// Bytes received and sent by a socket since it was taken over.
    #[napi(catch_unwind)]
    pub fn counters(&self, number: u32) -> Vec<f64> {
        let mut table = self.inner.table.borrow_mut();
        let id = table.id_at(number as usize);
        match id.and_then(|id| table.get(id)) {
            Some(socket) => {
                vec![socket.traffic.received as f64, socket.traffic.sent as f64]
            }
            None => vec![0.0, 0.0],
        }
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        self.inner.close();
    }
}

impl Link {
    /// The connection has something to write, so many bytes more than before: at the end of the batch, if one
    /// is under way.
    pub(crate) fn touched(&self, added: usize) {
        let is_in_batch = self.inner.is_in_batch();
        let is_reply = self.inner.is_replying(self.id);
        if !is_in_batch && !is_reply {
            return;
        }
        let mut table = self.inner.table.borrow_mut();
        let Some(socket) = table.get(self.id) else {
            return;
        };
        if is_reply {
            socket.reply(added);
        }
        if is_in_batch && !socket.is_dirty {
            socket.is_dirty = true;
            self.inner.dirty.borrow_mut().push(self.id);
        }
    }
}

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

    /// Nothing of one batch is for the next: its handles are not valid any more.
    fn forget(&self) {
        self.arguments.borrow_mut().clear();
    }

    /// A batch has panicked, and not at what concerns one socket. What those that it concerns were to hear is
    /// lost: they end. What is still to be written is, in the next batch.
    fn fault(&self) {
        let mut table = self.table.borrow_mut();
        for id in self.concerned.take() {
            table.fault(id);
        }
        table.end_batch();
        table.wake();
    }

    /// Has the table do something for the socket of that number, if there is one.
    fn with<R>(
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

    /// Something that is told once, and nowhere noted any more.
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
                Read::Secured => self.entry(id, Entry::Secure, self.number(-1)),
                Read::Refused(Failure::Alert(alert)) => {
                    self.entry(id, Entry::Secure, self.number(i32::from(alert)));
                }
                Read::Refused(Failure::Refused(reason)) => {
                    let kind = Kind::Text;
                    let payload = reason.as_bytes();
                    // SAFETY: the environment is alive, and `ready` has opened a scope.
                    let text = unsafe { value::message(self.env, &Message { kind, payload }) };
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
                    // Part of a large message: it is read on. Whoever has said something waits for the
                    // handlers, and for the others.
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
        let mut bytes = 0;
        let mut messages = 0;
        while bytes < MAX_BYTES && messages < MAX_MESSAGES {
            let Some(message) = connection.poll_message() else {
                if connection.needs_poll() {
                    self.entry(id, Entry::Poll, null_mut());
                }
                return bytes;
            };
            fault::point("decode");
            bytes += message.payload.len();
            messages += 1;
            // SAFETY: the environment is alive, and `ready` has opened a scope.
            let Some(value) = (unsafe { value::message(self.env, &message) }) else {
                connection.exhaust();
                break;
            };
            self.entry(id, Entry::Message, value);
        }
        self.entry(id, Entry::Poll, null_mut());
        bytes
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
    fn write(&self) {
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

    fn close(&self) {
        if !self.is_closed.replace(true) {
            // First the watch: what it watches goes with the table.
            self.watch.borrow_mut().take();
            self.state.borrow_mut().take();
        }
    }

    /// Gives back what JavaScript's objects are held by. Not in the middle of a batch.
    fn release(&self) {
        let env = self.env;
        for reference in [&self.collect, &self.dispatch, &self.resume, &self.receiver] {
            let reference = reference.replace(null_mut());
            if !reference.is_null() {
                // SAFETY: the environment is alive, the reference was made by `new` and is used no more.
                unsafe { sys::napi_delete_reference(env, reference) };
            }
        }
    }

    fn is_in_batch(&self) -> bool {
        let state = self.state.borrow();
        state.as_ref().and_then(|state| state.first()) == Some(&1)
    }

    /// Whether the peer of that socket has caused what is sent now.
    fn is_replying(&self, id: Id) -> bool {
        let state = self.state.borrow();
        let number = state.as_ref().and_then(|state| state.get(1));
        let number = number.and_then(|&number| u32::try_from(number).ok());
        number.and_then(|number| number.checked_sub(1)) == Some(id.place)
    }

    fn set_in_batch(&self, is: bool) {
        self.change_state(|state| {
            if let [flag, ..] = state {
                *flag = i32::from(is);
            }
        });
    }

    fn change_state(&self, change: impl FnOnce(&mut [i32])) {
        let mut state = self.state.borrow_mut();
        let Some(state) = &mut *state else { return };
        // SAFETY: JavaScript reads and writes this array on this thread only, and not now.
        change(unsafe { state.as_mut() });
    }
}

/// Values of JavaScript. All of these are made in the handle scope that `ready` has opened.
impl Inner {
    fn entry(&self, id: Id, entry: Entry, value: sys::napi_value) {
        let number = self.number((id.place as i32) << 3 | entry as i32);
        let value = if value.is_null() { number } else { value };
        self.arguments.borrow_mut().extend([number, value]);
    }

    fn number(&self, number: i32) -> sys::napi_value {
        let mut value = null_mut();
        // SAFETY: the environment is alive, a scope is open, the result is a valid place.
        unsafe { sys::napi_create_int32(self.env, number, &mut value) };
        value
    }

    /// Calls a function of the dispatcher, with the ticks and promises that follow it. False when it has
    /// thrown. There is no asynchronous context around it: each connection has its own, and Node tells the
    /// hooks of those that are around an exception twice that they have ended.
    fn call(&self, function: &Cell<sys::napi_ref>, arguments: &[sys::napi_value]) -> bool {
        // SAFETY: the references were made by `new` and are deleted only when the reactor is closed, which
        // `ready` and `deliver` look at; the arguments are handles of the open scope. No RefCell of ours
        // is borrowed: JavaScript may call every method.
        unsafe {
            let (receiver, callee) = self.callee(function);
            let mut result = null_mut();
            let status = sys::napi_make_callback(
                self.env,
                null_mut(),
                receiver,
                callee,
                arguments.len(),
                arguments.as_ptr(),
                &mut result,
            );
            if status != sys::Status::napi_pending_exception {
                return true;
            }
            let mut exception = null_mut();
            sys::napi_get_and_clear_last_exception(self.env, &mut exception);
            sys::napi_fatal_exception(self.env, exception);
            false
        }
    }

    /// Adds a part of a batch to what `dispatch` delivers. Runs no code of the application's, and no ticks.
    fn hand_over(&self, part: &[sys::napi_value]) {
        // SAFETY: as in `call`.
        unsafe {
            let (receiver, callee) = self.callee(&self.collect);
            let (length, values) = (part.len(), part.as_ptr());
            sys::napi_call_function(self.env, receiver, callee, length, values, null_mut());
        }
    }

    /// The dispatcher, and a function of it.
    ///
    /// # Safety
    ///
    /// The environment is alive, the reactor is not closed, and a scope is open.
    unsafe fn callee(&self, function: &Cell<sys::napi_ref>) -> (sys::napi_value, sys::napi_value) {
        let (mut receiver, mut callee) = (null_mut(), null_mut());
        // SAFETY: the caller's; the references were made by `new`.
        unsafe {
            sys::napi_get_reference_value(self.env, self.receiver.get(), &mut receiver);
            sys::napi_get_reference_value(self.env, function.get(), &mut callee);
        }
        (receiver, callee)
    }
}

fn reference(env: sys::napi_env, value: sys::napi_value) -> Result<sys::napi_ref> {
    let mut reference = null_mut();
    // SAFETY: the environment and the value are those of the call that is under way.
    let status = unsafe { sys::napi_create_reference(env, value, 1, &mut reference) };
    checked(status).map(|()| reference)
}

/// As the kernel numbers errors. Those of an allocator have no number.
fn error_number(error: &io::Error) -> i32 {
    let otherwise = match error.kind() {
        io::ErrorKind::OutOfMemory => libc::ENOMEM,
        _ => 0,
    };
    error.raw_os_error().unwrap_or(otherwise)
}

fn checked(status: sys::napi_status) -> Result<()> {
    if status == sys::Status::napi_ok {
        Ok(())
    } else {
        Err(Error::new(Status::from(status), "The reactor cannot start"))
    }
}

/// Sockets that a batch writes to from which on workers do it. Handing over costs some microseconds, and
/// a write five.
const WIDE: usize = 64;
/// What one batch reads and decodes, so that no flood keeps the loop from its other work.
const MAX_BYTES: usize = 1024 * 1024;
const MAX_READS: usize = 1024;
const MAX_MESSAGES: usize = 1024;
/// Numbers and values from which on a batch reads no more.
const MAX_BATCH: usize = 8192;
/// Numbers and values of one call; even, so that the two stay together. V8 puts arguments on the stack, and
/// the smallest stack that a worker of Node starts with (`stackSizeMb: 0.26`) does not take twice as many.
const MAX_CALL: usize = 1024;
