//! The connections of a thread, by number: what is called for every message names them so, because
//! unwrapping an object of JavaScript costs more than most of these calls do.

use std::cell::{RefCell, RefMut};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use proto::connection::Connection;
use slab::Slab;

#[cfg(unix)]
use crate::transport::reactor::Link;

/// A connection as the binding shares it between JavaScript's object and a reactor.
pub(crate) type Shared = Rc<RefCell<Connection>>;

/// A connection, and who moves its bytes if that is not JavaScript.
pub(crate) struct Registered {
    connection: Shared,
    #[cfg(unix)]
    link: RefCell<Option<Link>>,
}

/// The registration of a connection. Its number is another's afterwards.
pub(crate) struct Registration {
    registered: Rc<Registered>,
    number: u32,
}

thread_local! {
    /// Holds nothing of JavaScript's, so it does not matter whether a thread loads the addon twice.
    static CONNECTIONS: RefCell<Slab<Rc<Registered>>> = const { RefCell::new(Slab::new()) };
}

/// The connection with that number.
pub(crate) fn find(number: u32) -> Option<Rc<Registered>> {
    CONNECTIONS.with_borrow(|connections| connections.get(number as usize).map(Rc::clone))
}

impl Registration {
    pub(crate) fn new(connection: Connection) -> Self {
        let registered = Rc::new(Registered {
            connection: Rc::new(RefCell::new(connection)),
            #[cfg(unix)]
            link: RefCell::default(),
        });
        let place = CONNECTIONS.with_borrow_mut(|all| all.insert(Rc::clone(&registered)));
        Self {
            registered,
            // A thread's memory does not hold more connections than that.
            number: u32::try_from(place).unwrap_or(u32::MAX),
        }
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

impl Deref for Registration {
    type Target = Registered;

    fn deref(&self) -> &Registered {
        &self.registered
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // At the end of a thread there may be nothing left to leave.
        let _ = CONNECTIONS
            .try_with(|connections| connections.borrow_mut().try_remove(self.number as usize));
    }
}

impl Registered {
    pub(crate) fn connection(&self) -> Borrowed<'_> {
        Borrowed {
            registered: self,
            connection: self.connection.borrow_mut(),
        }
    }
}

#[cfg(unix)]
impl Registered {
    pub(crate) fn shared(&self) -> Shared {
        Rc::clone(&self.connection)
    }

    /// From now on a reactor moves the bytes, or no longer does.
    pub(crate) fn link(&self, link: Option<Link>) {
        *self.link.borrow_mut() = link;
    }
}

/// The connection for the time of one call. Whoever moves its bytes is told when there are some.
pub(crate) struct Borrowed<'a> {
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no reactor to tell"))]
    registered: &'a Registered,
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

#[cfg(unix)]
impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        if let Some(link) = &*self.registered.link.borrow()
            && !self.connection.outbox().is_empty()
        {
            link.touched();
        }
    }
}
