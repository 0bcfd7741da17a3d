//! Conversations with a connection: what goes in and what comes out, in order, through the public API.
#![allow(
    dead_code,
    reason = "shared by several test binaries, each of which uses a part"
)]

pub(crate) mod connections;
pub(crate) mod driver;
pub(crate) mod inflate;
pub(crate) mod notation;
pub(crate) mod script;
pub(crate) mod streams;
pub(crate) mod wire;
