//! Objects of JavaScript other than connections, by number.

use std::cell::RefCell;
use std::rc::Rc;

use engine::deflate::DeflateSession;
use engine::http::RequestParser;
use engine::proxy::Connect;
use engine::registry;
use engine::table::Table;

use super::Failed;

/// The objects of one kind.
type All<T> = std::thread::LocalKey<RefCell<Table<RefCell<T>>>>;

thread_local! {
    static SESSIONS: RefCell<Table<RefCell<DeflateSession>>> = const { RefCell::new(Table::new()) };
    static PARSERS: RefCell<Table<RefCell<RequestParser>>> = const { RefCell::new(Table::new()) };
    static TUNNELS: RefCell<Table<RefCell<Connect>>> = const { RefCell::new(Table::new()) };
}

pub(super) fn session(number: u32) -> Result<Rc<RefCell<DeflateSession>>, Failed> {
    get(&SESSIONS, number)
}

pub(super) fn parser(number: u32) -> Result<Rc<RefCell<RequestParser>>, Failed> {
    get(&PARSERS, number)
}

pub(super) fn tunnel(number: u32) -> Result<Rc<RefCell<Connect>>, Failed> {
    get(&TUNNELS, number)
}

pub(super) fn keep_session(session: DeflateSession) -> f64 {
    insert(&SESSIONS, session)
}

pub(super) fn keep_parser(parser: RequestParser) -> f64 {
    insert(&PARSERS, parser)
}

pub(super) fn keep_tunnel(tunnel: Connect) -> f64 {
    insert(&TUNNELS, tunnel)
}

fn get<T>(all: &'static All<T>, number: u32) -> Result<Rc<RefCell<T>>, Failed> {
    all.with_borrow(|all| all.get(number).map(Rc::clone))
        .ok_or(Failed::Gone)
}

fn insert<T>(all: &'static All<T>, value: T) -> f64 {
    let number = all.with_borrow_mut(|all| all.insert(Rc::new(RefCell::new(value))));
    number.into()
}

fn remove<T>(all: &'static All<T>, number: u32) {
    drop(all.with_borrow_mut(|all| all.remove(number)));
}

/// Releases a connection that JavaScript has collected or does not need.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn release_connection(number: u32) {
    registry::release_connection(number);
}

/// Releases a prepared message.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn release_prepared(number: u32) {
    registry::release_prepared(number);
}

/// Releases a session of permessage-deflate.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn release_session(number: u32) {
    remove(&SESSIONS, number);
}

/// Releases the parser of a request.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn release_parser(number: u32) {
    remove(&PARSERS, number);
}

/// Releases a request for a tunnel.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn release_tunnel(number: u32) {
    remove(&TUNNELS, number);
}
