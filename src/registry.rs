//! The connections of a thread, and the messages that are prepared for many of them, by number: the functions
//! that are called for every message name them so, because unwrapping an object of JavaScript costs more than
//! most of these calls do.

use std::cell::{RefCell, RefMut};
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::thread::{LocalKey, panicking};

use proto::connection::Connection;
use proto::hybi::prepared::Prepared;
use slab::Slab;

use crate::injection;

/// A connection as the binding shares it between JavaScript's object and a reactor.
pub(crate) type Shared = Rc<RefCell<Connection>>;

/// A connection, and what moves its bytes if that is not JavaScript.
pub(crate) struct Registered {
    connection: Shared,
    #[cfg(unix)]
    mover: RefCell<Option<Box<dyn Mover>>>,
}

/// Moves the bytes of one connection.
#[cfg(unix)]
pub(crate) trait Mover {
    /// The call that ends has left bytes to be written, so many more than waited before.
    fn bytes_wait(&self, added: usize);
}

/// The entries of one kind that a thread has. None belongs to JavaScript, so the thread may load the addon twice.
type All<T> = LocalKey<RefCell<Slab<Rc<T>>>>;

thread_local! {
    static CONNECTIONS: RefCell<Slab<Rc<Registered>>> = const { RefCell::new(Slab::new()) };
    static PREPARED: RefCell<Slab<Rc<Prepared>>> = const { RefCell::new(Slab::new()) };
}

/// The connection with that number.
pub(crate) fn connection(number: u32) -> Option<Rc<Registered>> {
    find(&CONNECTIONS, number)
}

/// The prepared message with that number.
pub(crate) fn prepared(number: u32) -> Option<Rc<Prepared>> {
    find(&PREPARED, number)
}

fn find<T>(all: &'static All<T>, number: u32) -> Option<Rc<T>> {
    all.with_borrow(|all| all.get(number as usize).map(Rc::clone))
}

/// The slot of an entry. Dropping it frees the number for reuse.
pub(crate) struct Registration<T: 'static> {
    one: Rc<T>,
    number: u32,
    all: &'static All<T>,
}

impl Registration<Registered> {
    pub(crate) fn of_connection(connection: Connection) -> Self {
        let registered = Registered {
            connection: Rc::new(RefCell::new(connection)),
            #[cfg(unix)]
            mover: RefCell::default(),
        };
        Self::new(&CONNECTIONS, registered)
    }
}

impl Registration<Prepared> {
    pub(crate) fn of_prepared(message: Prepared) -> Self {
        Self::new(&PREPARED, message)
    }
}

impl<T> Registration<T> {
    fn new(all: &'static All<T>, one: T) -> Self {
        let one = Rc::new(one);
        let place = all.with_borrow_mut(|all| all.insert(Rc::clone(&one)));
        Self {
            one,
            // A thread's memory does not hold more than that.
            number: u32::try_from(place).unwrap_or(u32::MAX),
            all,
        }
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
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
        let number = self.number as usize;
        // At the end of a thread there may be nothing left to leave.
        let _ = self.all.try_with(|all| all.borrow_mut().try_remove(number));
    }
}

impl Registered {
    pub(crate) fn connection(&self) -> Borrowed<'_> {
        let connection = self.connection.borrow_mut();
        Borrowed {
            registered: self,
            #[cfg(unix)]
            before: connection.waiting(),
            connection,
        }
    }

    /// Lets a command have the connection. None when it has panicked: then the connection has ended.
    pub(crate) fn attempt<R>(&self, command: impl FnOnce(&mut Connection) -> R) -> Option<R> {
        let attempt = || {
            let mut connection = self.connection();
            let result = command(&mut connection);
            injection::point("command");
            result
        };
        catch_unwind(AssertUnwindSafe(attempt)).ok()
    }
}

#[cfg(unix)]
impl Registered {
    pub(crate) fn shared(&self) -> Shared {
        Rc::clone(&self.connection)
    }

    /// Has the bytes moved from now on, or leaves that to JavaScript again.
    pub(crate) fn set_mover(&self, mover: Option<Box<dyn Mover>>) {
        *self.mover.borrow_mut() = mover;
    }
}

/// The connection for the time of one call. Tells the mover when there are bytes to write.
pub(crate) struct Borrowed<'a> {
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no mover to tell"))]
    registered: &'a Registered,
    /// Bytes that waited to be written when the call began.
    #[cfg(unix)]
    before: usize,
    connection: RefMut<'a, Connection>,
}

impl Deref for Borrowed<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Borrowed<'_> {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        // A panic anywhere leaves a connection that cannot be relied on.
        if panicking() {
            return self.connection.fault();
        }
        #[cfg(unix)]
        if let Some(mover) = &*self.registered.mover.borrow()
            && !self.connection.outbox().is_empty()
        {
            mover.bytes_wait(self.connection.waiting().saturating_sub(self.before));
        }
    }
}
