//! Scripted conversations: bytes and commands in, a transcript out. Each script runs in one chunk,
//! byte by byte, and in each split into two chunks.

mod scripts;

use proto::connection::Connection;
use proto::error::InvalidArgument;
use proto::handshake::ClientRequest;
use proto::http::request::Request;
use proto::policy::Policy;
use proto_testing::connections::client_policy;
use proto_testing::script::Script;

#[test]
fn a_server_answers_an_opening_handshake() {
    check(scripts::handshake_server::SCRIPTS);
}

#[test]
fn a_client_requests_an_opening_handshake() {
    check(scripts::handshake_client::SCRIPTS);
}

#[test]
fn frames_become_messages() {
    check(scripts::frames::SCRIPTS);
}

#[test]
fn the_first_violation_fails_the_connection() {
    check(scripts::violations::OPEN);
    check(scripts::violations::SCRIPTS);
}

#[test]
fn a_violation_after_our_close_frame_ends_the_connection() {
    check(scripts::violations::CLOSING);
}

#[test]
fn each_write_is_a_whole_frame_of_the_shortest_form() {
    check(scripts::writing::SCRIPTS);
}

#[test]
fn pings_are_answered() {
    check(scripts::control::SCRIPTS);
}

#[test]
fn the_connection_closes_once_after_a_close_by_either_end() {
    check(scripts::closing::SCRIPTS);
}

#[test]
fn handlers_may_act_between_two_outputs() {
    check(scripts::handlers::SCRIPTS);
}

#[test]
fn messages_are_compressed_as_agreed() {
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
