//! Conversations: bytes and commands in, a transcript out. Each script runs whole, byte by byte, and in
//! every two-part split.

mod scripts;
mod support;

use support::script::Script;

#[test]
fn answers_an_opening_handshake() {
    check(scripts::handshake_server::SCRIPTS);
}

#[test]
fn asks_for_an_opening_handshake() {
    check(scripts::handshake_client::SCRIPTS);
}

#[test]
fn makes_messages_of_frames() {
    check(scripts::frames::SCRIPTS);
}

#[test]
fn fails_the_connection_at_the_first_violation() {
    check(scripts::violations::SCRIPTS);
}

#[test]
fn writes_whole_frames_of_the_shortest_form() {
    check(scripts::writing::SCRIPTS);
}

#[test]
fn answers_pings() {
    check(scripts::control::SCRIPTS);
}

#[test]
fn closes_once_whoever_begins() {
    check(scripts::closing::SCRIPTS);
}

#[test]
fn lets_handlers_act_between_two_outputs() {
    check(scripts::handlers::SCRIPTS);
}

fn check(scripts: &[Script]) {
    scripts.iter().for_each(Script::check);
}
