//! The native transport: sockets of `net`, read and written by descriptor inside Node's event loop.
//!
//! ```text
//!  libuv ──► uv.rs ──► reactor/batch.rs ──► table.rs ──► descriptor.rs ──► kernel
//!                          │                  │
//!                          │                  └──► table/secure.rs ──► crates/tls
//!                          └──► lib/transport/dispatcher.js
//! ```
//!
//! This is where the binding's `unsafe` code is, each piece with its proof.
//!
//! **One object per environment**, made when it is first needed and closed when no connection has used it for
//! a second. It has a set of descriptors (epoll, kqueue) whose own descriptor is watched by one `uv_poll_t`.
//! A `Connection` is shared with JavaScript's object by an `Rc<RefCell>`: no borrow is held while JavaScript
//! runs. Places in the table are used again only after the batch in which they were left, and what is noted
//! for a later batch names its socket by generation, so nothing reaches another one.
//!
//! **Ends of environments.** A cleanup hook closes the watch and the set; from then on nothing is done by
//! descriptor. Workers write only for the main thread, because Node closes the descriptors of a terminated
//! thread without a word; closing a descriptor waits for the write that is under way (`Job`). They are plain
//! threads: where none can be started the loop writes itself, and asks again later.
//!
//! **Panics.** None leaves the addon, and none is more than the end of a connection. Each step for one socket
//! is guarded. A connection that a panic passes has faulted: it forgets everything, and its last outputs are
//! an error and a close event. A batch that panics outside these steps ends the sockets that it had something
//! for, and the next batch writes what this one did not. `__test__/transport/faults.test.js` injects panics at
//! each of these places (feature `fault-injection`, which the addon that is shipped does not have).
//!
//! **Replies.** A peer may send requests and never read the answers, so what is sent while its message is
//! handled counts as a reply, and from 8 MiB on nothing more is read from it until some have left. Two peers
//! that send much without answering each other must not both stop: that is why replies are counted, and not
//! what waits.

mod crew;
mod descriptor;
pub mod reactor;
mod table;
pub mod tls;
mod uv;
