//! The reactor: one per environment, called by its event loop when any of its sockets is ready.
//!
//! Knows what JavaScript may ask of its sockets; what happens in a batch is in `batch.rs`. Does not know events,
//! phases or timers.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::rc::{Rc, Weak};

use napi::bindgen_prelude::{Buffer, Function, Int32Array, JsValue as _, Object};
use napi::{CleanupEnvHook, Env, Error, Result, Status, sys};
use napi_derive::napi;

use super::descriptor::is_stream_socket;
use super::table::{Id, Table};
use super::tls::TlsConfig;
use super::uv::{Loop, Uv, Watch};
use crate::convert::value::Bytes;
use crate::registry::{self, Mover};
use crate::seam::Slot;

mod batch;
mod calls;

use calls::reference;

/// Sockets of one environment, read and written by descriptor. What arrives is handed to a dispatcher:
/// `dispatch(id, value, id, value …)`, where the id is that of the socket times eight, plus what the
/// value is (see `Entry`).
#[napi]
pub struct Reactor {
    inner: Rc<Inner>,
    /// Closes it when the environment ends.
    hook: Option<CleanupEnvHook<Weak<Inner>>>,
}

/// The reactor as what moves the bytes of one connection.
struct Link {
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
    /// Sockets with something to write at the end of the batch.
    dirty: RefCell<Vec<Id>>,
    /// Ids and values of the next call.
    arguments: RefCell<Vec<sys::napi_value>>,
    /// Sockets that the batch under way has something for.
    concerned: RefCell<Vec<Id>>,
    watch: RefCell<Option<Watch<Inner>>>,
    /// Shared with JavaScript, by `Slot`. None once the reactor is closed: the reference must not outlive the
    /// environment.
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
    /// has a number for each `Slot`. `hasCrew` lets workers write for wide batches: on the
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

    /// Takes over reading and writing of a socket for the connection of that number, by TLS if there is a
    /// configuration, with the host of that name. The socket's number, or null if the descriptor is no stream
    /// socket, or the name that of no host.
    #[napi(catch_unwind)]
    pub fn add(
        &self,
        descriptor: i32,
        connection: u32,
        tls: Option<&TlsConfig>,
        host: Option<String>,
    ) -> Option<u32> {
        if self.inner.is_closed.get() || !is_stream_socket(descriptor) {
            return None;
        }
        let session = match tls {
            None => None,
            Some(config) => match config.session(&host.unwrap_or_default()) {
                None => return None,
                session => session,
            },
        };
        let connection = registry::connection(connection)?;
        let mut table = self.inner.table.borrow_mut();
        let Ok(id) = table.add(descriptor, connection.shared(), session) else {
            return None;
        };
        connection.set_mover(Some(Box::new(Link {
            inner: Rc::clone(&self.inner),
            id,
        })));
        if tls.is_some() {
            table.guarded("flush", id, |table| table.flush(id));
        }
        Some(id.place)
    }

    /// Lets go of a socket and of its connection, before the socket's owner closes or reads it.
    #[napi(catch_unwind)]
    pub fn remove(&self, number: u32, connection: u32) {
        if let Some(connection) = registry::connection(connection) {
            connection.set_mover(None);
        }
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

    /// Writes bytes of the program by TLS. False when the kernel does not take everything.
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

impl Mover for Link {
    /// Has them written at the end of the batch, if one is under way.
    fn bytes_wait(&self, added: usize) {
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

impl Inner {
    fn close(&self) {
        if !self.is_closed.replace(true) {
            // First the watch: what it watches goes with the table.
            self.watch.borrow_mut().take();
            self.state.borrow_mut().take();
        }
    }

    fn is_in_batch(&self) -> bool {
        self.slot(Slot::InBatch) == Some(1)
    }

    /// Whether the peer of that socket has caused what is sent now.
    fn is_replying(&self, id: Id) -> bool {
        let number = self.slot(Slot::Cause);
        let number = number.and_then(|number| u32::try_from(number).ok());
        number.and_then(|number| number.checked_sub(1)) == Some(id.place)
    }

    fn slot(&self, slot: Slot) -> Option<i32> {
        let state = self.state.borrow();
        state.as_ref()?.get(slot as usize).copied()
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
