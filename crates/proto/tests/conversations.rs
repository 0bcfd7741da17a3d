//! Conversations: bytes and commands in, a transcript out. Each script runs whole, byte by byte, and in
//! every two-part split.

mod scripts;

use proto::connection::Connection;
use proto::error::InvalidArgument;
use proto::handshake::ClientRequest;
use proto::http::request::Request;
use proto::policy::Policy;
use proto_testing::connections::client_policy;
use proto_testing::script::Script;

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
    check(scripts::violations::OPEN);
    check(scripts::violations::SCRIPTS);
}

#[test]
fn ends_at_once_when_the_protocol_is_broken_after_our_close_frame() {
    check(scripts::violations::CLOSING);
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

#[test]
fn compresses_what_was_agreed_to_be_compressed() {
    check(scripts::deflate::SCRIPTS);
}

#[test]
fn a_subprotocol_cannot_add_a_header_line() {
    for name in ["a\r\nX: 1", "a\0", "\u{7f}"] {
        let policy = |policy: Policy| Policy {
            subprotocols: vec!["b".to_owned(), name.to_owned()],
            ..policy
        };
        let server = Connection::server(
            Request::new("GET", "ws://example.com/", true),
            policy(Policy::websocket_driver_server()),
        );
        let request = ClientRequest::default();
        let client = Connection::client(&request, [0; 16], policy(client_policy()));
        for refused in [server, client] {
            let mistake = refused.map(drop);
            assert_eq!(mistake, Err(InvalidArgument::Subprotocol(name.to_owned())));
        }
    }
}

fn check(scripts: &[Script]) {
    scripts.iter().for_each(Script::check);
}
