//! Flat values that cross the boundary: events, parameters of extensions, options of permessage-deflate, heads.

use engine::connection::{Numbered, Polled, Wants, established};
use engine::deflate::{DeflateOptions, DeflateSession};
use engine::event::FlatEvent;
use engine::extensions::{FailureCode, Parameter, Value, unacceptable};
use engine::http::{RequestParser, event_stream_head, event_stream_message};
use engine::mistake::{Class, Mistake};
use engine::options::ConnectionOptions;
use engine::proxy::{Connect, ConnectResponse, Tunnel};
use proto::error::Fact;
use proto::output::{Event, Kind};
use proto::policy::Delivery;

fn open(delivery: Delivery) -> Numbered {
    let options = ConnectionOptions {
        require_masking: Some(false),
        delivery: Some(delivery),
        ..ConnectionOptions::default()
    };
    established(false, options, None)
}

fn parameter(name: &str, value: Value) -> Parameter {
    Parameter {
        name: name.to_owned(),
        value,
    }
}

#[test]
fn an_event_has_the_fields_of_its_kind() {
    let next = |connection: &Numbered, check: fn(FlatEvent<'_>)| {
        let polled = connection.poll(Wants::default(), |polled| match polled {
            Polled::Message(_) => None,
            Polled::Event(event) => {
                check(event);
                Some(())
            }
        });
        assert_eq!(polled, Some(()));
    };
    let connection = open(Delivery::Frames);
    connection.receive(b"\x01\x01a");
    next(&connection, |frame| {
        let expected = FlatEvent {
            kind: "frame",
            fin: Some(false),
            rsv: Some([false; 3]),
            opcode: Some(1),
            is_masked: Some(false),
            payload: Some(b"a"[..].into()),
            ..FlatEvent::default()
        };
        assert_eq!(frame, expected);
    });
    let connection = open(Delivery::Messages);
    connection.receive(b"\x83\x00");
    next(&connection, |error| {
        let code = Some("unrecognized-opcode");
        assert_eq!((error.kind, error.error_code), ("error", code));
        assert_eq!(error.facts, Some(vec![("opcode", Fact::Number(3))]));
        assert!(error.message.is_some() && error.payload.is_none());
    });
    next(&connection, |close| {
        assert_eq!((close.kind, close.code), ("close", Some(1002)));
        assert!(close.reason.is_some());
    });
}

#[test]
fn a_session_fails_a_connection_by_a_number_or_a_name() {
    for (code, expected) in [
        (None, 1010),
        (Some(FailureCode::Number(1011)), 1011),
        (Some(FailureCode::Number(999)), 1010),
        (Some(FailureCode::Name("too_large".to_owned())), 1009),
        (Some(FailureCode::Name("none of them".to_owned())), 1010),
    ] {
        let caused = open(Delivery::Messages).fail_extension(code.clone(), "words");
        let close = caused.events.into_iter().find_map(|event| match event {
            Event::Close { code, .. } => code,
            _ => None,
        });
        assert_eq!(close, Some(expected), "{code:?}");
    }
}

#[test]
fn parameters_are_printed_by_the_type_of_their_value() {
    let parameters = vec![
        parameter("a", Value::Flag(true)),
        parameter("b", Value::Flag(false)),
        parameter("c", Value::Number(10.0)),
        parameter("d", Value::Text("x y".to_owned())),
    ];
    let words = unacceptable("one", parameters);
    assert!(
        words.contains("one; a; b=false; c=10; d=\"x y\""),
        "{words}"
    );
}

#[test]
fn a_transformed_text_must_be_valid() {
    let connection = open(Delivery::Messages);
    assert!(!connection.negotiates() && connection.received_extensions().is_empty());
    assert_eq!(connection.reserve_bits("one", [true; 3]), None);
    assert!(connection.transformed(Kind::Text, b"a").accepted);
    assert!(!connection.transformed(Kind::Text, b"\xff").accepted);
}

#[test]
fn options_of_deflate_out_of_range_are_range_errors() {
    let cases: [(DeflateOptions, &str); 5] = [
        (
            DeflateOptions {
                level: Some(10),
                ..DeflateOptions::default()
            },
            "Invalid compression: expected level -1 to 9, memLevel 1 to 9, strategy 0 to 4",
        ),
        (
            DeflateOptions {
                mem_level: Some(0),
                ..DeflateOptions::default()
            },
            "Invalid compression: expected level -1 to 9, memLevel 1 to 9, strategy 0 to 4",
        ),
        (
            DeflateOptions {
                strategy: Some(-1),
                ..DeflateOptions::default()
            },
            "Invalid compression: expected level -1 to 9, memLevel 1 to 9, strategy 0 to 4",
        ),
        (
            DeflateOptions {
                max_window_bits: Some(7),
                ..DeflateOptions::default()
            },
            "Invalid value for maxWindowBits: 7; expected 8 to 15",
        ),
        (
            DeflateOptions {
                request_max_window_bits: Some(16),
                ..DeflateOptions::default()
            },
            "Invalid value for requestMaxWindowBits: 16; expected 8 to 15",
        ),
    ];
    for (options, words) in cases {
        let expected = Mistake {
            class: Class::RangeError,
            code: Some("ERR_OUT_OF_RANGE"),
            message: words.to_owned(),
        };
        assert_eq!(DeflateSession::client(options, 1e6).unwrap_err(), expected);
        assert_eq!(
            DeflateSession::server(options, Vec::new(), 1e6).unwrap_err(),
            expected
        );
        assert_eq!(
            open(Delivery::Messages).offer_deflate(options),
            Err(expected)
        );
    }
    let ours = DeflateOptions {
        level: Some(-1),
        ..DeflateOptions::default()
    };
    assert!(DeflateSession::client(ours, f64::INFINITY).is_ok());
}

#[test]
fn two_sessions_negotiate_and_exchange_messages() {
    let options = DeflateOptions {
        max_window_bits: Some(10),
        ..DeflateOptions::default()
    };
    let mut client = DeflateSession::client(options, 100.0).unwrap();
    let mut server = DeflateSession::server(options, vec![client.offer()], 100.0)
        .unwrap()
        .unwrap();
    let window = parameter("client_max_window_bits", Value::Number(10.0));
    assert!(client.offer().contains(&window));
    let inactive = client.deflate(b"a", <[u8]>::to_vec).unwrap_err();
    assert_eq!(
        inactive.message,
        "The session is not active: activate it with the server's response first"
    );
    assert!(client.activate(server.response()));
    assert_eq!(client.agreed().is_some(), server.agreed().is_some());

    let sent = client
        .deflate(b"hello hello hello", <[u8]>::to_vec)
        .unwrap()
        .unwrap();
    let received = server.inflate(&sent, <[u8]>::to_vec).unwrap();
    assert_eq!(received.as_deref(), Some(&b"hello hello hello"[..]));
    let sent = client.deflate(&[0; 101], <[u8]>::to_vec).unwrap().unwrap();
    let mistake = server.inflate(&sent, <[u8]>::to_vec).unwrap_err();
    assert_eq!(
        (mistake.class, mistake.code),
        (Class::Error, Some("too_large"))
    );
    server.close();
    assert!(server.inflate(&sent, <[u8]>::to_vec).is_err());
}

#[test]
fn a_request_is_read_piece_by_piece() {
    let mut parser = RequestParser::default();
    assert!(parser.receive(b"GET /a HTTP/1.1\r\nHost: b\r\n").is_none());
    let request = parser.receive(b"\r\nbody").unwrap();
    assert_eq!(
        (request.method.as_deref(), request.url.as_deref()),
        (Some("GET"), Some("/a"))
    );
    assert_eq!(
        (request.http_version, request.body),
        (Some("1.1"), &b"body"[..])
    );
    assert_eq!(request.headers.len(), 2);
    let mut parser = RequestParser::default();
    assert_eq!(parser.receive(b"\0\r\n\r\n").unwrap().method, None);
}

#[test]
fn a_proxy_accepts_or_refuses_a_tunnel() {
    let connect = || {
        Connect::new(Tunnel {
            authority: "a:80".to_owned(),
            host: "a".to_owned(),
            username: String::new(),
            password: String::new(),
        })
    };
    let mut tunnel = connect();
    assert!(tunnel.set_header("a", "b\n").is_err());
    assert!(tunnel.request().starts_with("CONNECT a:80 HTTP/1.1\r\n"));
    assert_eq!(tunnel.receive(b"HTTP/1.1 200 OK\r\n"), None);
    let response = |connected, status_code| ConnectResponse {
        connected,
        status_code,
        headers: Vec::new(),
    };
    assert_eq!(tunnel.receive(b"\r\n"), Some(response(true, Some(200))));
    assert_eq!(
        connect().receive(b"HTTP/1.1 407 No\r\n\r\n"),
        Some(response(false, Some(407)))
    );
    assert_eq!(
        connect().receive(b"\0\r\n\r\n"),
        Some(response(false, None))
    );
}

#[test]
fn line_ends_in_headers_and_fields_of_an_event_stream_are_errors() {
    let headers = ["X-A".to_owned(), "b".to_owned()];
    assert!(
        event_stream_head(&headers, 5000.0)
            .unwrap()
            .contains("X-A: b\r\n")
    );
    let headers = ["X-A".to_owned(), "b\n".to_owned()];
    assert_eq!(
        event_stream_head(&headers, 1.0).unwrap_err().class,
        Class::TypeError
    );
    assert!(event_stream_message("a", Some("b"), None).is_ok());
    assert!(event_stream_message("a", Some("b\n"), None).is_err());
}
