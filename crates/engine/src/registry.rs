//! The connections, prepared messages and policies of a thread, by number. A binding names them by number for every message,
//! because other handles cost more than most of these calls.
//!
//! Knows when a number is valid: from the registration to its release, or to the drop of the registration. A release
//! may be repeated. Knows that a panic ends its connection. Does not know the commands of a connection.

use std::cell::{RefCell, RefMut};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread::{LocalKey, panicking};

use proto::connection::Connection;
use proto::handshake::Version;
use proto::hybi::prepared::Prepared;
use proto::output::Kind;
use proto::policy::Policy;

use crate::injection;
use crate::table::Table;

/// A connection that its owner shares with its writer.
pub type Shared = Rc<RefCell<Connection>>;

/// A connection, and its writer if its owner does not write the output.
pub struct Registered {
    connection: Shared,
    writer: RefCell<Option<Box<dyn OutputWriter>>>,
}

/// Writes the output of one connection.
pub trait OutputWriter {
    /// Writes a frame at once, while the outbox is empty. Returns the number of bytes that need no place in the outbox.
    fn write_frame(&self, header: &[u8], payload: &[u8]) -> usize;

    /// Accepts the output of a call, at its end. `added` is the number of bytes that the call has added.
    fn output_added(&self, added: usize);
}

/// The entries of one kind on a thread. No entry refers to JavaScript, so a thread may load a binding twice.
type All<T> = LocalKey<RefCell<Table<T>>>;

thread_local! {
    static CONNECTIONS: RefCell<Table<Registered>> = const { RefCell::new(Table::new()) };
    static PREPARED: RefCell<Table<Prepared>> = const { RefCell::new(Table::new()) };
    static POLICIES: RefCell<Table<Policy>> = const { RefCell::new(Table::new()) };
}

/// Returns the connection with that number; None if it has been released.
#[inline]
#[must_use]
pub fn connection(number: u32) -> Option<Rc<Registered>> {
    find(&CONNECTIONS, number)
}

/// Returns the prepared message with that number.
#[inline]
#[must_use]
pub fn prepared(number: u32) -> Option<Rc<Prepared>> {
    find(&PREPARED, number)
}

/// Returns the policy with that number.
#[inline]
#[must_use]
pub fn policy(number: u32) -> Option<Rc<Policy>> {
    find(&POLICIES, number)
}

#[inline]
fn find<T>(all: &'static All<T>, number: u32) -> Option<Rc<T>> {
    all.with_borrow(|all| all.get(number).map(Rc::clone))
}

/// Abandons the connection with that number, if there is one, and releases the number.
pub fn release_connection(number: u32) {
    if let Some(registered) = remove(&CONNECTIONS, number) {
        registered.abandon();
    }
}

/// Releases the number of a prepared message.
pub fn release_prepared(number: u32) {
    remove(&PREPARED, number);
}

fn remove<T>(all: &'static All<T>, number: u32) -> Option<Rc<T>> {
    // At the end of a thread, the table may already be destroyed.
    let removed = all.try_with(|all| all.borrow_mut().remove(number));
    removed.ok().flatten()
}

/// Registers a policy of many connections.
#[must_use]
pub fn register_policy(policy: Policy) -> Registration<Policy> {
    Registration::new(&POLICIES, policy)
}

/// Prepares a message for many connections. Its frames are encoded at their first use, and stored.
#[must_use]
pub fn prepare(kind: Kind, payload: &[u8]) -> Registration<Prepared> {
    Registration::new(&PREPARED, Prepared::new(kind, payload))
}

/// An entry and its number. Dropping it releases the number.
pub struct Registration<T: 'static> {
    one: Rc<T>,
    number: u32,
    all: &'static All<T>,
    is_kept: bool,
}

impl<T> Registration<T> {
    fn new(all: &'static All<T>, one: T) -> Self {
        let one = Rc::new(one);
        Self {
            number: all.with_borrow_mut(|all| all.insert(Rc::clone(&one))),
            one,
            all,
            is_kept: false,
        }
    }

    /// Returns the number for the functions of this module.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Keeps the entry until its number is released, for a binding whose objects are numbers.
    #[must_use = "nothing else releases it"]
    pub fn keep(mut self) -> u32 {
        self.is_kept = true;
        self.number
    }
}

impl Registration<Registered> {
    pub(crate) fn of_connection(connection: Connection) -> Self {
        Self::new(&CONNECTIONS, Registered::new(connection))
    }

    /// Owns the connection with that number from now on, which was kept. Returns an ended connection if the number has
    /// been released.
    #[must_use]
    pub fn adopt(number: u32) -> Self {
        let (one, is_kept) = match connection(number) {
            Some(one) => (one, false),
            None => (Rc::new(Registered::ended()), true),
        };
        Self {
            one,
            number,
            all: &CONNECTIONS,
            is_kept,
        }
    }

    /// Abandons the connection and releases its number now, before the registration is dropped. The object remains an
    /// ended connection that keeps the negotiated properties.
    pub fn release(&self) {
        remove(self.all, self.number);
        self.one.abandon();
    }
}

impl<T> Deref for Registration<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.one
    }
}

impl<T> Drop for Registration<T> {
    fn drop(&mut self) {
        if !self.is_kept {
            remove(self.all, self.number);
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Registration<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("number", &self.number)
            .field("one", &self.one)
            .finish_non_exhaustive()
    }
}

impl Registered {
    fn new(connection: Connection) -> Self {
        Self {
            connection: Rc::new(RefCell::new(connection)),
            writer: RefCell::default(),
        }
    }

    fn ended() -> Self {
        let mut connection = Connection::established(&Policy::default(), Version::Hybi13, None);
        connection.abandon();
        Self::new(connection)
    }

    /// Borrows the connection for one call.
    #[inline]
    #[must_use]
    pub fn connection(&self) -> Borrowed<'_> {
        let connection = self.connection.borrow_mut();
        Borrowed {
            registered: self,
            before: connection.waiting(),
            connection,
        }
    }

    /// Runs a command. Returns None if it has panicked: then the connection has ended. Where panics abort, a panic
    /// does not return.
    #[inline]
    pub fn attempt<R>(&self, command: impl FnOnce(&mut Connection) -> R) -> Option<R> {
        let attempt = || {
            let mut connection = self.connection();
            let result = command(&mut connection);
            injection::point("command");
            result
        };
        catch_unwind(AssertUnwindSafe(attempt)).ok()
    }

    /// Returns the connection for its writer.
    #[must_use]
    pub fn shared(&self) -> Shared {
        Rc::clone(&self.connection)
    }

    /// Sets the writer. With None, the owner writes the output again.
    pub fn set_writer(&self, writer: Option<Box<dyn OutputWriter>>) {
        *self.writer.borrow_mut() = writer;
    }

    /// Lets the writer write a frame at once. Returns the number of written bytes.
    pub(crate) fn write_frame(&self, header: &[u8], payload: &[u8]) -> usize {
        let writer = self.writer.borrow();
        writer
            .as_ref()
            .map_or(0, |writer| writer.write_frame(header, payload))
    }

    /// Ends the connection without a close frame or an event, and releases its memory.
    fn abandon(&self) {
        self.set_writer(None);
        self.connection.borrow_mut().abandon();
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registered")
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

/// A connection borrowed for one call. Notifies the writer if there is output.
pub struct Borrowed<'a> {
    registered: &'a Registered,
    /// The length of the output at the beginning of the call.
    before: usize,
    connection: RefMut<'a, Connection>,
}

impl Deref for Borrowed<'_> {
    type Target = Connection;

    #[inline]
    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Borrowed<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for Borrowed<'_> {
    #[inline]
    fn drop(&mut self) {
        // After a panic, the state of the connection is not reliable.
        if panicking() {
            return self.connection.fault();
        }
        if let Some(writer) = &*self.registered.writer.borrow()
            && !self.connection.outbox().is_empty()
        {
            writer.output_added(self.connection.waiting().saturating_sub(self.before));
        }
    }
}

impl fmt::Debug for Borrowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connection.fmt(f)
    }
}
