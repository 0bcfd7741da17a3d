//! The dispatcher: one per environment. The event loop calls it when a socket is ready.
//!
//! Knows the methods that JavaScript calls for its sockets, and how their events reach JavaScript. Does not know the
//! events, phases and timers of connections. This file and its modules contain all N-API calls of the transport,
//! except the configuration of TLS.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::{Rc, Weak};

use napi::bindgen_prelude::{Buffer, Function, Int32Array, JsValue as _, Object};
use napi::{CleanupEnvHook, Env, Error, Result, Status, sys};
use napi_derive::napi;

use super::descriptor::is_stream_socket;
use super::reactor;
use super::table::{Id, Table};
use super::tls::{TlsAgreement, TlsConfig, TlsGreeting, TlsServerConfig};
use super::uv::{Loop, Uv, Watch};
use crate::convert::value::Bytes;
use crate::seam::Slot;
use engine::connection;
use engine::registry::{self, OutputWriter};
use proto::output::ReadyState;

mod batch;
mod calls;

use calls::reference;

/// The sockets of one environment, which it reads and writes by descriptor. It reports events as `dispatch(id, value,
/// id, value …)`. The id contains the number of the socket and an `Entry`: see `ENTRY_BITS`. After the id of a message,
/// further messages of the same socket follow without an id.
#[napi]
pub struct Reactor {
    dispatcher: Rc<Dispatcher>,
    /// Closes the dispatcher when the environment ends.
    hook: Option<CleanupEnvHook<Weak<Dispatcher>>>,
}

/// A reactor, and the JavaScript functions that receive its events.
struct Dispatcher {
    env: sys::napi_env,
    collect: Cell<sys::napi_ref>,
    dispatch: Cell<sys::napi_ref>,
    continue_batch: Cell<sys::napi_ref>,
    receiver: Cell<sys::napi_ref>,
    /// Borrowed for one step at a time, and never while JavaScript runs.
    reactor: RefCell<reactor::Reactor>,
    /// Memory for the ids and values of a batch. Empty between two batches.
    arguments: RefCell<Vec<sys::napi_value>>,
    watch: RefCell<Option<Watch<Dispatcher>>>,
    /// Shared with JavaScript; indexed by `Slot`. None once the dispatcher is closed, because the reference must not
    /// outlive the environment.
    state: RefCell<Option<Int32Array>>,
    /// The number of sockets that keep the process alive.
    alive: Cell<u32>,
    is_closed: Cell<bool>,
}

/// Connects an engine to the reactor that writes its output.
struct Link {
    dispatcher: Rc<Dispatcher>,
    id: Id,
}

#[napi]
impl Reactor {
    /// Watches the sockets of this environment. `dispatch` receives a batch and delivers it. If a batch is too large
    /// for one call, `collect` receives the parts before the last. `continueBatch` continues after a handler that has
    /// thrown. `state` contains a number for each `Slot`. `hasCrew` lets workers write for wide batches, on the main
    /// thread only. Throws if libuv cannot be found.
    #[napi(constructor, catch_unwind)]
    pub fn new(
        env: &Env,
        receiver: Object,
        collect: Function,
        dispatch: Function,
        continue_batch: Function,
        state: Int32Array,
        has_crew: bool,
    ) -> Result<Self> {
        let unavailable = |what: &str| Error::new(Status::GenericFailure, what.to_owned());
        let uv = Uv::find().ok_or_else(|| unavailable("libuv cannot be found"))?;
        let reactor = reactor::Reactor::new(has_crew);
        let reactor = reactor.map_err(|error| unavailable(&error.to_string()))?;
        let descriptor = reactor.descriptor();
        let event_loop = NonNull::new(env.get_uv_event_loop()?.cast::<Loop>())
            .ok_or_else(|| unavailable("There is no event loop"))?;
        let raw = env.raw();
        let dispatcher = Rc::new(Dispatcher {
            env: raw,
            collect: Cell::new(reference(raw, collect.raw())?),
            dispatch: Cell::new(reference(raw, dispatch.raw())?),
            continue_batch: Cell::new(reference(raw, continue_batch.raw())?),
            receiver: Cell::new(reference(raw, receiver.raw())?),
            reactor: RefCell::new(reactor),
            arguments: RefCell::default(),
            watch: RefCell::default(),
            state: RefCell::new(Some(state)),
            alive: Cell::new(0),
            is_closed: Cell::new(false),
        });
        // SAFETY: the loop belongs to this environment and outlives it; the cleanup hook drops the watch at the
        // latest, on this thread. The descriptor is the reactor's, which `dispatcher` owns. The watch is dropped
        // first.
        let watch = unsafe { Watch::new(uv, event_loop, descriptor, Rc::clone(&dispatcher)) };
        let Some(watch) = watch else {
            // The caller tries again with the next socket, so this attempt must release its references.
            dispatcher.release();
            return Err(unavailable("The event loop watches no descriptors"));
        };
        *dispatcher.watch.borrow_mut() = Some(watch);
        let close = |dispatcher: Weak<Dispatcher>| {
            if let Some(dispatcher) = dispatcher.upgrade() {
                dispatcher.close();
            }
        };
        let hook = env.add_env_cleanup_hook(Rc::downgrade(&dispatcher), close)?;
        Ok(Self {
            dispatcher,
            hook: Some(hook),
        })
    }

    /// Reads and writes a socket from now on, for the connection with that number. With a configuration of TLS,
    /// authenticates the server as `host`. Decodes bytes that an open connection has already stored. Returns the
    /// socket's number; null if the reactor cannot use the socket, for example because it is not a stream socket, or
    /// because `host` is not a valid name.
    #[napi(catch_unwind)]
    pub fn add(
        &self,
        descriptor: i32,
        connection: u32,
        tls: Option<&TlsConfig>,
        host: Option<String>,
    ) -> Option<u32> {
        if self.dispatcher.is_closed.get() || !is_stream_socket(descriptor) {
            return None;
        }
        let session = match tls {
            None => None,
            Some(config) => Some(config.session(&host.unwrap_or_default())?),
        };
        let connection = registry::connection(connection)?;
        let is_behind = {
            let connection = connection.connection();
            connection.ready_state() == ReadyState::Open && connection.has_unread()
        };
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        let id = reactor.add(descriptor, connection.shared(), session)?;
        if is_behind {
            reactor.announce(id);
        }
        connection.set_writer(Some(Box::new(Link {
            dispatcher: Rc::clone(&self.dispatcher),
            id,
        })));
        Some(id.place)
    }

    /// Reads and writes a socket of a TLS server from now on. Puts the bytes aside until the socket is transferred to a
    /// connection. Returns the socket's number; null if the reactor cannot use the socket.
    #[napi(catch_unwind)]
    pub fn accept(&self, descriptor: i32, tls: &TlsServerConfig) -> Option<u32> {
        if self.dispatcher.is_closed.get() || !is_stream_socket(descriptor) {
            return None;
        }
        let session = tls.session()?;
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        let id = reactor.add(descriptor, connection::lender(), Some(session))?;
        reactor.socket(id.place)?.put_aside();
        Some(id.place)
    }

    /// Removes a socket and detaches its connection, if there is one, before the socket's owner closes or reads it.
    #[napi(catch_unwind)]
    pub fn remove(&self, number: u32, connection: Option<u32>) {
        if let Some(connection) = connection.and_then(registry::connection) {
            connection.set_writer(None);
        }
        let is_in_batch = self.dispatcher.is_in_batch();
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.remove(number, is_in_batch);
    }

    /// Puts aside bytes read from a socket whose connection only lends its outbox. `Entry.Bytes` passes them to
    /// JavaScript.
    #[napi(catch_unwind)]
    pub fn put_aside(&self, number: u32) {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        if let Some(socket) = reactor.socket(number) {
            socket.put_aside();
        }
    }

    /// Transfers a socket and the bytes put aside to the connection `to`, from the lender `from`, if JavaScript has
    /// created it. Returns false if output is not written yet.
    #[napi(catch_unwind)]
    pub fn transfer(&self, number: u32, from: Option<u32>, to: u32) -> bool {
        let Some(connection) = registry::connection(to) else {
            return false;
        };
        let shared = connection.shared();
        let transfer = |table: &mut Table, id| table.transfer(id, &shared).then_some(id);
        let transferred = self
            .dispatcher
            .reactor
            .borrow_mut()
            .with("transfer", number, transfer);
        let Some(id) = transferred.flatten() else {
            return false;
        };
        if let Some(lender) = from.and_then(registry::connection) {
            lender.set_writer(None);
        }
        connection.set_writer(Some(Box::new(Link {
            dispatcher: Rc::clone(&self.dispatcher),
            id,
        })));
        true
    }

    /// Stops or starts reading.
    #[napi(catch_unwind)]
    pub fn set_reading(&self, number: u32, is_reading: bool) {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.set_reading(number, is_reading);
    }

    /// Offers the output to the kernel. Returns false if the kernel does not accept everything.
    #[napi(catch_unwind)]
    pub fn flush(&self, number: u32) -> bool {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.with("flush", number, Table::flush).unwrap_or(true)
    }

    /// Ends TLS on a socket that is about to be removed: offers the output and close_notify to the kernel. Returns
    /// the bytes that the kernel does not accept; null if there are none.
    #[napi(catch_unwind)]
    pub fn close_tls(&self, number: u32) -> Option<Buffer> {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        let rest = reactor.with("close tls", number, Table::close_tls)?;
        (!rest.is_empty()).then(|| rest.into())
    }

    /// Writes bytes of the program over TLS: in a batch, a few bytes at its end. Returns false if the kernel does not
    /// accept everything.
    #[napi(catch_unwind)]
    pub fn write_around(
        &self,
        number: u32,
        #[napi(ts_arg_type = "Uint8Array")] bytes: Bytes<'_>,
    ) -> bool {
        let is_in_batch = self.dispatcher.is_in_batch();
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.write_around(number, &bytes, is_in_batch)
    }

    /// Returns the results of the handshake of TLS; null before its end.
    #[napi(catch_unwind)]
    pub fn agreement(&self, number: u32) -> Option<TlsAgreement> {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.socket(number)?.agreement().map(TlsAgreement::from)
    }

    /// Returns the results of the handshake of TLS that every connection needs; null before its end.
    #[napi(catch_unwind)]
    pub fn greeting(&self, number: u32) -> Option<TlsGreeting> {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.socket(number)?.agreement().map(TlsGreeting::from)
    }

    /// Takes the bytes that a TLS client has sent during the handshake; null if bytes were sent to it.
    #[napi(catch_unwind)]
    pub fn take_flight(&self, number: u32) -> Option<Buffer> {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        let flight = reactor.socket(number)?.take_flight()?;
        Some(flight.into())
    }

    /// Returns the number of bytes that TLS has encrypted and the kernel has not accepted.
    #[napi(catch_unwind)]
    pub fn pending(&self, number: u32) -> f64 {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.socket(number).map_or(0, |socket| socket.pending()) as f64
    }

    /// Returns the number of bytes that wait until the kernel accepts more; 0 while it accepts everything.
    #[napi(catch_unwind)]
    pub fn waiting(&self, number: u32) -> f64 {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.socket(number).map_or(0, |socket| socket.waiting()) as f64
    }

    /// Ends a batch that JavaScript has begun with `Slot.InBatch`, and writes its output.
    #[napi(catch_unwind)]
    pub fn end_batch(&self) {
        self.dispatcher.set_in_batch(false);
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        if catch_unwind(AssertUnwindSafe(|| reactor.write())).is_err() {
            reactor.fault();
        }
    }

    /// Closes the reactor after its last socket was removed. Its methods do nothing from now on.
    #[napi(catch_unwind)]
    pub fn close(&mut self, env: &Env) -> Result<()> {
        self.dispatcher.close();
        self.dispatcher.release();
        match self.hook.take() {
            Some(hook) => env.remove_env_cleanup_hook(hook),
            None => Ok(()),
        }
    }

    /// Offers the output of the batch to the kernel, because the process ends.
    #[napi(catch_unwind)]
    pub fn flush_all(&self) {
        self.dispatcher.reactor.borrow_mut().flush_all();
    }

    /// Adds a socket that keeps the process alive, or removes one.
    #[napi(catch_unwind)]
    pub fn keep_alive(&self, more: bool) {
        let alive = self.dispatcher.alive.get();
        let alive = if more {
            alive + 1
        } else {
            alive.saturating_sub(1)
        };
        self.dispatcher.alive.set(alive);
        if let Some(watch) = &*self.dispatcher.watch.borrow() {
            watch.keep_alive(alive > 0);
        }
    }

    /// Returns the milliseconds since a socket has received or sent bytes.
    #[napi(catch_unwind)]
    pub fn idle_time(&self, number: u32) -> f64 {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.socket(number).map_or(0.0, |socket| {
            socket.traffic.active.elapsed().as_secs_f64() * 1000.0
        })
    }

    /// Returns the numbers of bytes that a socket has received and sent since it was added.
    #[napi(catch_unwind)]
    pub fn counters(&self, number: u32) -> Vec<f64> {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        match reactor.socket(number) {
            Some(socket) => {
                vec![socket.traffic.received as f64, socket.traffic.sent as f64]
            }
            None => vec![0.0, 0.0],
        }
    }
}

impl Drop for Reactor {
    fn drop(&mut self) {
        self.dispatcher.close();
    }
}

impl OutputWriter for Link {
    fn write_frame(&self, header: &[u8], payload: &[u8]) -> usize {
        let mut reactor = self.dispatcher.reactor.borrow_mut();
        reactor.write_frame(self.id, header, payload)
    }

    /// Schedules the bytes for the end of the running batch.
    fn output_added(&self, added: usize) {
        let (is_in_batch, cause) = self.dispatcher.slots();
        let is_reply = cause == Some(self.id.place);
        if is_in_batch || is_reply {
            let replies = if is_reply { added } else { 0 };
            let mut reactor = self.dispatcher.reactor.borrow_mut();
            reactor.output_added(self.id, replies, is_in_batch);
        }
    }
}

impl Dispatcher {
    fn close(&self) {
        if !self.is_closed.replace(true) {
            // The watch is dropped first: its descriptor closes with the table.
            self.watch.borrow_mut().take();
            self.state.borrow_mut().take();
        }
    }

    fn is_in_batch(&self) -> bool {
        self.slots().0
    }

    /// Returns whether a batch is in progress, and the number of the socket to whose peer JavaScript now replies.
    fn slots(&self) -> (bool, Option<u32>) {
        let state = self.state.borrow();
        let Some(state) = &*state else {
            return (false, None);
        };
        let slot = |slot: Slot| state.get(slot as usize).copied().unwrap_or(0);
        let cause = u32::try_from(slot(Slot::Cause)).ok();
        let cause = cause.and_then(|number| number.checked_sub(1));
        (slot(Slot::InBatch) == 1, cause)
    }

    fn set_in_batch(&self, is: bool) {
        let mut state = self.state.borrow_mut();
        let Some(state) = &mut *state else { return };
        // SAFETY: JavaScript reads and writes this array on this thread only, and not now.
        let slots = unsafe { state.as_mut() };
        if let Some(slot) = slots.get_mut(Slot::InBatch as usize) {
            *slot = i32::from(is);
        }
    }
}
