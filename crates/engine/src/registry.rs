//! The connections of a thread, and the messages that are prepared for many of them, by number: what is called for
//! every message names them so, because other handles cost more than most of these calls do.
//!
//! Knows when a number is valid: from the registration to its release, which may come again and again, or by the drop
//! of the registration. Knows also what a panic ends. Does not know what a command does.

use std::cell::{RefCell, RefMut};
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread::{LocalKey, panicking};

use proto::connection::Connection;
use proto::hybi::prepared::Prepared;
use proto::output::Kind;

use crate::injection;
use crate::table::Table;

/// A connection as its owner shares it with what moves its bytes.
pub type Shared = Rc<RefCell<Connection>>;

/// A connection, and what moves its bytes if that is not its owner.
pub struct Registered {
    connection: Shared,
    mover: RefCell<Option<Box<dyn Mover>>>,
}

/// Moves the bytes of one connection.
pub trait Mover {
    /// The call that ends has left bytes to be written, so many more than waited before.
    fn bytes_wait(&self, added: usize);
}

/// The entries of one kind that a thread has. None belongs to JavaScript, so a thread may load a binding twice.
type All<T> = LocalKey<RefCell<Table<T>>>;

thread_local! {
    static CONNECTIONS: RefCell<Table<Registered>> = const { RefCell::new(Table::new()) };
    static PREPARED: RefCell<Table<Prepared>> = const { RefCell::new(Table::new()) };
}

/// The connection with that number. None when it has been released.
#[inline]
#[must_use]
pub fn connection(number: u32) -> Option<Rc<Registered>> {
    find(&CONNECTIONS, number)
}

/// The prepared message with that number.
#[inline]
#[must_use]
pub fn prepared(number: u32) -> Option<Rc<Prepared>> {
    find(&PREPARED, number)
}

#[inline]
fn find<T>(all: &'static All<T>, number: u32) -> Option<Rc<T>> {
    all.with_borrow(|all| all.get(number).map(Rc::clone))
}

/// Ends the connection with that number, if there is one, and frees the number.
pub fn release_connection(number: u32) {
    if let Some(registered) = remove(&CONNECTIONS, number) {
        registered.abandon();
    }
}

/// Frees the number of a prepared message.
pub fn release_prepared(number: u32) {
    remove(&PREPARED, number);
}

fn remove<T>(all: &'static All<T>, number: u32) -> Option<Rc<T>> {
    // At the end of a thread there may be nothing left to leave.
    let removed = all.try_with(|all| all.borrow_mut().remove(number));
    removed.ok().flatten()
}

/// Prepares a message for many connections. Its frames are made when they are first needed, and kept.
#[must_use]
pub fn prepare(kind: Kind, payload: &[u8]) -> Registration<Prepared> {
    Registration::new(&PREPARED, Prepared::new(kind, payload))
}

/// An entry and its number. Dropping it frees the number.
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

    /// What the functions of this module know it by.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Leaves it to its number, for a binding whose objects are numbers: it stays until that is released.
    #[must_use = "nothing else releases it"]
    pub fn keep(mut self) -> u32 {
        self.is_kept = true;
        self.number
    }
}

impl Registration<Registered> {
    pub(crate) fn of_connection(connection: Connection) -> Self {
        let registered = Registered {
            connection: Rc::new(RefCell::new(connection)),
            mover: RefCell::default(),
        };
        Self::new(&CONNECTIONS, registered)
    }

    /// Ends the connection and frees its number, now instead of with the registration. From then on it is an ended
    /// connection, which still knows what was agreed on.
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
    /// Lends the connection for the time of one call.
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

    /// Lets a command have the connection. None when it has panicked: then the connection has ended. Where panics do
    /// not unwind, there is no return from one.
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

    /// The connection for what moves its bytes.
    #[must_use]
    pub fn shared(&self) -> Shared {
        Rc::clone(&self.connection)
    }

    /// Has the bytes moved from now on, or leaves that to the owner again.
    pub fn set_mover(&self, mover: Option<Box<dyn Mover>>) {
        *self.mover.borrow_mut() = mover;
    }

    /// Ends it without a word, and gives its memory back.
    fn abandon(&self) {
        self.set_mover(None);
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

/// The connection for the time of one call. Tells the mover when there are bytes to write.
pub struct Borrowed<'a> {
    registered: &'a Registered,
    /// Bytes that waited to be written when the call began.
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
        // A panic anywhere leaves a connection that cannot be relied on.
        if panicking() {
            return self.connection.fault();
        }
        if let Some(mover) = &*self.registered.mover.borrow()
            && !self.connection.outbox().is_empty()
        {
            mover.bytes_wait(self.connection.waiting().saturating_sub(self.before));
        }
    }
}

impl fmt::Debug for Borrowed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.connection.fmt(f)
    }
}
