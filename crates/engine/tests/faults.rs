//! Requested faults. One test, because the next fault is shared by the process.

#![cfg(feature = "fault-injection")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use engine::connection::{Numbered, Polled, Wants, established};
use engine::frames::Mask;
use engine::injection;
use engine::numbers::WAITS_FOR_WORK;
use engine::options::ConnectionOptions;
use engine::registry;
use proto::output::{Form, Kind};

/// A call, and the name of its place.
type Call = (&'static str, fn(&Numbered));

const CALLS: [Call; 5] = [
    ("send", |one| {
        send(one);
    }),
    ("receive", |one| one.receive(MESSAGE)),
    ("messages", |one| {
        one.receive(MESSAGE);
        one.messages(|_| true);
    }),
    ("take output", |one| {
        one.take_output(&mut [0; 8]);
    }),
    ("prepared", |one| {
        one.send_prepared(Form::Plain, &registry::prepare(Kind::Text, b"a"));
    }),
];
const MESSAGE: &[u8] = b"\x81\x01a";

fn open() -> Numbered {
    let options = ConnectionOptions {
        require_masking: Some(false),
        ..ConnectionOptions::default()
    };
    established(false, options, None)
}

fn send(connection: &Numbered) -> f64 {
    connection.send(Form::Negotiated, Kind::Text, b"a")
}

#[test]
fn a_fault_ends_its_connection_and_no_other() {
    for (place, call) in CALLS {
        let (broken, other) = (open(), open());
        injection::request(place.to_owned(), 0);
        let outcome = catch_unwind(AssertUnwindSafe(|| call(&broken)));
        assert!(outcome.is_err(), "{place}");
        assert!(broken.connection().has_faulted(), "{place}");
        let next = || {
            broken.poll(Wants::default(), |polled| match polled {
                Polled::Message(_) => Some("message"),
                Polled::Event(event) => Some(event.kind),
            })
        };
        assert_eq!(
            [next(), next(), next()],
            [Some("error"), Some("close"), None],
            "{place}"
        );
        assert_eq!(send(&other), 3.0, "{place}");
    }

    // The results of commands whose connection has just ended.
    let broken = open();
    injection::request("command".to_owned(), 1);
    assert_eq!((broken.ping(b""), broken.ping(b"")), (Ok(true), Ok(false)));
    assert_eq!(broken.work().events.len(), 2, "work reports the end");
    let broken = open();
    injection::request("command".to_owned(), 0);
    let frame = broken.send_frame(true, 0.0, 1.0, b"a", Mask::Policy);
    assert_eq!(frame, Ok(f64::from(WAITS_FOR_WORK)));
    let broken = open();
    injection::request("command".to_owned(), 0);
    assert_eq!(broken.close(None, "").unwrap().events.len(), 2);
}
