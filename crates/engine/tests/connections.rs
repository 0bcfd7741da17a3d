//! Connections by number: commands, polling, release, and panics.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use engine::calls::Behind;
use engine::connection::{Numbered, Polled, Wants, client, established, server};
use engine::frames::Mask;
use engine::handshake;
use engine::mistake::Class;
use engine::numbers::REFUSED;
use engine::options::ConnectionOptions;
use engine::registry::{self, OutputWriter};
use engine::{randomness, run};
use proto::connection::ReadyState;
use proto::handshake::ClientRequest;
use proto::output::{Form, Kind};

const EVERYTHING: Wants = Wants {
    writes: true,
    pings: true,
    pongs: true,
};

fn open() -> Numbered {
    let options = ConnectionOptions {
        require_masking: Some(false),
        ..ConnectionOptions::default()
    };
    established(false, options, None)
}

fn send(connection: &Numbered, text: &str) -> f64 {
    connection.send(Form::Negotiated, Kind::Text, text.as_bytes())
}

/// Polls for everything. Returns the kinds and messages.
fn polled(connection: &Numbered, wants: Wants) -> Vec<String> {
    let next = || {
        connection.poll(wants, |polled| {
            Some(match polled {
                Polled::Message(message) => String::from_utf8_lossy(message.payload).into_owned(),
                Polled::Event(event) => event.kind.to_owned(),
            })
        })
    };
    std::iter::from_fn(next).collect()
}

#[test]
fn a_handshake_opens_a_client_and_a_server() {
    randomness::provide(|bytes| bytes.fill(7));
    let target = ClientRequest {
        host: "a".to_owned(),
        target: "/".to_owned(),
        ..ClientRequest::default()
    };
    let client = client(&target, ConnectionOptions::default()).unwrap();
    assert_eq!(client.connection().ready_state(), ReadyState::Unstarted);
    assert!(client.start().accepted);
    assert!(!client.start().accepted, "a client starts once");
    let mut asked = vec![0; client.output_length()];
    client.take_output(&mut asked);
    assert!(asked.starts_with(b"GET / HTTP/1.1\r\n"));

    let key = handshake::key();
    let header = |name: &str| {
        Ok::<_, ()>(match name {
            "host" => Some("a".to_owned()),
            "connection" => Some("Upgrade".to_owned()),
            "upgrade" => Some("websocket".to_owned()),
            "sec-websocket-version" => Some("13".to_owned()),
            "sec-websocket-key" => Some(key.clone()),
            _ => None,
        })
    };
    let request = handshake::request("GET", "ws://a/", true, header).unwrap();
    assert_eq!(
        handshake::judge(&request, &ConnectionOptions::default().server()),
        None
    );
    let server = server(request, ConnectionOptions::default().server()).unwrap();
    server.set_header("X-One", "1").unwrap();
    let mistake = server.set_header("X-Two", "2\r\n").unwrap_err();
    assert_eq!(mistake.class, Class::TypeError);
    assert_eq!(mistake.code, Some("ERR_INVALID_CHAR"));
    assert_eq!(server.start().events.len(), 1);

    let mut answer = vec![0; server.output_length()];
    assert_eq!(server.take_output(&mut answer), answer.len());
    client.receive(&answer);
    assert_eq!(polled(&client, EVERYTHING), ["open"]);
    assert_eq!(client.status_code(), Some(101));
    assert_eq!(client.protocol(), None);
    let headers = client.response_headers();
    assert_eq!(headers.len() % 2, 0);
    assert!(
        headers.windows(2).any(|pair| pair == ["x-one", "1"]),
        "{headers:?}"
    );
}

#[test]
fn poll_returns_only_wanted_outputs() {
    let nothing = Wants::default();
    let cases = [
        (EVERYTHING, &["write", "ping", "pong", "a"][..]),
        (nothing, &["a"][..]),
        (
            Wants {
                pings: true,
                ..nothing
            },
            &["ping", "a"][..],
        ),
        (
            Wants {
                pongs: true,
                ..nothing
            },
            &["pong", "a"][..],
        ),
    ];
    for (wants, expected) in cases {
        let connection = open();
        connection.receive(b"\x89\x01p\x8a\x01q\x81\x01a");
        assert_eq!(polled(&connection, wants), expected, "{wants:?}");
    }
}

#[test]
fn a_message_without_memory_fails_the_connection() {
    let connection = open();
    connection.receive(b"\x81\x01a\x81\x01b");
    let kinds = RefCell::new(Vec::new());
    let next = || {
        connection.poll(Wants::default(), |polled| match polled {
            Polled::Message(_) => None,
            Polled::Event(event) => {
                kinds.borrow_mut().push(event.kind);
                Some(())
            }
        })
    };
    while next().is_some() {}
    assert_eq!(*kinds.borrow(), ["error", "close"]);

    let connection = open();
    connection.receive(b"\x81\x01a");
    assert_eq!(connection.messages(|_| false), Behind::More);
    assert_eq!(polled(&connection, Wants::default()), ["error", "close"]);
}

#[test]
fn a_run_is_bounded_by_messages_and_by_bytes() {
    let (small, large) = (b"\x82\x00".repeat(run::MAX_MESSAGES + 1), 64 * 1024);
    let connection = open();
    connection.receive(&small);
    let mut lengths = Vec::new();
    let taken = |connection: &Numbered, lengths: &mut Vec<usize>| {
        connection.messages(|message| {
            lengths.push(message.payload.len());
            true
        })
    };
    assert_eq!(taken(&connection, &mut lengths), Behind::More);
    assert_eq!(lengths.len(), run::MAX_MESSAGES);
    assert_eq!(taken(&connection, &mut lengths), Behind::Nothing);
    assert_eq!(lengths.len(), run::MAX_MESSAGES + 1);

    lengths.clear();
    let mut frame = b"\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00".to_vec();
    frame.resize(frame.len() + large, 0);
    connection.receive(&frame.repeat(20));
    assert_eq!(taken(&connection, &mut lengths), Behind::More);
    assert_eq!(lengths.len(), run::MAX_BYTES / large);
}

#[test]
fn sending_returns_the_length_of_the_output() {
    let connection = open();
    assert_eq!(send(&connection, "a"), 3.0);
    assert_eq!(send(&connection, "b"), 6.0);
    let mut few = [0; 4];
    assert_eq!(connection.take_output(&mut few), 4);
    assert_eq!(&few, b"\x81\x01a\x81");
    assert_eq!(connection.output_length(), 2);
    let message = registry::prepare(Kind::Binary, b"p");
    assert_eq!(
        registry::prepared(message.number())
            .as_deref()
            .map(|one| one.payload()),
        Some(&b"p"[..])
    );
    assert_eq!(connection.send_prepared(Form::Plain, &message), 5.0);
    assert!(connection.close(Some(1000.0), "").unwrap().accepted);
    assert_eq!(send(&connection, "late"), f64::from(REFUSED));
}

#[test]
fn invalid_close_codes_and_frames_are_range_errors() {
    let connection = open();
    for (code, shown) in [(1005.0, "1005"), (-3.0, "0"), (1e9, "65535")] {
        let mistake = connection.close(Some(code), "").unwrap_err();
        assert_eq!(
            (mistake.class, mistake.code),
            (Class::RangeError, Some("ERR_OUT_OF_RANGE"))
        );
        assert!(
            mistake.message.starts_with(&format!("Close code {shown} ")),
            "{}",
            mistake.message
        );
    }
    let frame = |rsv, opcode, length, mask| {
        connection.send_frame(true, rsv, opcode, &vec![0; length], mask)
    };
    assert_eq!(frame(0.0, 1.0, 1, Mask::Key(b"abcd")), Ok(7.0));
    for (result, words) in [
        (
            frame(8.0, 1.0, 0, Mask::Policy),
            "Invalid value for rsv: 8; expected 0 to 7",
        ),
        (
            frame(0.5, 1.0, 0, Mask::Policy),
            "Invalid value for rsv: 0.5; expected 0 to 7",
        ),
        (
            frame(0.0, f64::NAN, 0, Mask::None),
            "Invalid value for opcode: NaN; expected 0 to 15",
        ),
        (
            frame(0.0, 9.0, 126, Mask::None),
            "The payload of a ping or pong is at most 125 bytes; got 126",
        ),
        (
            frame(0.0, 1.0, 0, Mask::Key(b"abc")),
            "Invalid masking key: 3 bytes; expected 4",
        ),
    ] {
        assert_eq!(result.unwrap_err().message, words);
    }
    assert!(connection.ping(&[0; 126]).is_err());
    assert_eq!(connection.pong(&[0; 125]), Ok(true));
}

#[test]
fn a_released_connection_has_ended_and_keeps_the_negotiated_properties() {
    let connection = open();
    send(&connection, "a");
    connection.receive(b"\x81\x01b");
    let number = connection.number();
    connection.release();
    connection.release();
    registry::release_connection(number);
    assert!(registry::connection(number).is_none());
    assert_ne!(
        open().number(),
        number,
        "another connection has another number"
    );

    assert_eq!(connection.connection().ready_state(), ReadyState::Closed);
    assert_eq!(connection.connection().version().name(), "hybi-13");
    assert_eq!(connection.output_length(), 0);
    assert_eq!(
        connection.messages(|_| unreachable!("nothing is left")),
        Behind::Nothing
    );
    assert_eq!(polled(&connection, EVERYTHING), [""; 0]);
    assert_eq!(send(&connection, "late"), f64::from(REFUSED));
    assert!(!connection.start().accepted);
    assert!(!connection.close(None, "").unwrap().accepted);
    assert_eq!(connection.ping(b""), Ok(false));
}

#[test]
fn dropping_a_connection_releases_its_number() {
    let connection = open();
    let number = connection.number();
    let found = registry::connection(number).unwrap();
    drop(connection);
    assert!(registry::connection(number).is_none());
    // A running call still has the connection.
    assert_eq!(found.send(Form::Plain, Kind::Text, b"a"), 3.0);
}

#[test]
fn a_kept_connection_exists_until_its_number_is_released() {
    let number = open().keep();
    let connection = registry::connection(number).unwrap();
    assert_eq!(connection.send(Form::Plain, Kind::Text, b"a"), 3.0);
    registry::release_connection(number);
    registry::release_connection(number);
    assert!(registry::connection(number).is_none());
    assert_eq!(
        Rc::strong_count(&connection),
        1,
        "nothing else refers to it"
    );
    assert_eq!(connection.output_length(), 0);

    let number = registry::prepare(Kind::Text, b"a").keep();
    assert!(registry::prepared(number).is_some());
    registry::release_prepared(number);
    registry::release_prepared(number);
    assert!(registry::prepared(number).is_none());
}

#[test]
fn an_adopted_connection_is_released_with_its_registration() {
    let number = open().keep();
    let connection = Numbered::adopt(number);
    assert_eq!(connection.number(), number);
    assert_eq!(connection.send(Form::Plain, Kind::Text, b"a"), 3.0);
    drop(connection);
    assert!(registry::connection(number).is_none());
    let ended = Numbered::adopt(number);
    assert_eq!(ended.connection().ready_state(), ReadyState::Closed);
}

struct Counting(Rc<Cell<usize>>);

impl OutputWriter for Counting {
    fn write_frame(&self, _header: &[u8], _payload: &[u8]) -> usize {
        0
    }

    fn output_added(&self, added: usize) {
        self.0.set(self.0.get() + added);
    }
}

#[test]
fn a_writer_is_notified_of_output_until_the_connection_is_released() {
    let connection = open();
    let count = Rc::new(Cell::new(0));
    connection.set_writer(Some(Box::new(Counting(Rc::clone(&count)))));
    send(&connection, "a");
    send(&connection, "bc");
    assert_eq!(count.get(), 7);
    connection.release();
    assert_eq!(Rc::strong_count(&count), 1, "the writer is dropped");
}

#[test]
fn a_panic_ends_its_connection_and_no_other() {
    let (broken, other) = (open(), open());
    let attempt = broken.attempt(|connection| {
        connection.send(Kind::Text, b"half");
        panic!("on purpose");
    });
    assert_eq!(attempt, None::<()>);
    assert!(broken.connection().has_faulted());
    assert_eq!(broken.output_length(), 0, "half of a frame is not written");
    assert_eq!(polled(&broken, Wants::default()), ["error", "close"]);
    assert_eq!(send(&broken, "late"), f64::from(REFUSED));
    assert_eq!(send(&other, "a"), 3.0);

    let broken = open();
    let attempt = broken.attempt(|_| panic!("on purpose"));
    assert_eq!(attempt, None::<()>);
    let kinds: Vec<_> = broken.work().events;
    assert_eq!(kinds.len(), 2, "work reports the end");
    // A panic while JavaScript takes a message ends its connection.
    let broken = open();
    broken.receive(b"\x81\x01a");
    let take = |polled: Polled<'_>| match polled {
        Polled::Message(_) => panic!("on purpose"),
        Polled::Event(event) => Some(event.kind),
    };
    assert_eq!(broken.poll(Wants::default(), take), Some("error"));
    assert_eq!(broken.poll(Wants::default(), take), Some("close"));
    assert_eq!(broken.poll(Wants::default(), take), None);
}
