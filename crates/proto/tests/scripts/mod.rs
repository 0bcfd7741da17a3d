//! The scripts, by topic.

use proto_testing::script::Script;

pub(crate) mod closing;
pub(crate) mod control;
pub(crate) mod deflate;
pub(crate) mod frames;
pub(crate) mod handlers;
pub(crate) mod handshake_client;
pub(crate) mod handshake_server;
pub(crate) mod violations;
pub(crate) mod writing;

/// Returns all scripts.
#[allow(
    dead_code,
    reason = "some test binaries contain this module without calling this function"
)]
pub(crate) fn all() -> impl Iterator<Item = &'static Script> {
    [
        handshake_server::SCRIPTS,
        handshake_client::SCRIPTS,
        frames::SCRIPTS,
        violations::OPEN,
        violations::CLOSING,
        violations::SCRIPTS,
        writing::SCRIPTS,
        control::SCRIPTS,
        closing::SCRIPTS,
        handlers::SCRIPTS,
        deflate::SCRIPTS,
    ]
    .into_iter()
    .flatten()
}
