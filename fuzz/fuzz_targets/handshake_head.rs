//! Heads of requests, answers, and proxies' answers: the chunks do not change the result, and an
//! endless head is refused.
//!
//! An input is a byte for the reader, and a [`Stream`].
#![no_main]

use arbitrary::Unstructured;
use faye_websocket_fuzz::reacting::{
    Reaction, Transcript, assert_same_in_every_cut, finish, reacting,
};
use faye_websocket_fuzz::settings::policy;
use faye_websocket_fuzz::stream::{Cut, Stream};
use libfuzzer_sys::fuzz_target;
use proto::connection::{Connection, ReadyState};
use proto::handshake::proxy::{Connect, ProxyResponse, Tunnel};
use proto::handshake::refusal;
use proto::http::head::{RequestHead, RequestReader};
use proto::http::request::Request;
use proto::output::Event;
use proto::policy::{Drafts, Policy, RequestChecks};
use proto_testing::connections::new_client;
use proto_testing::driver::{Extension, Line, Style};
use proto_testing::wire::Framing;

fuzz_target!(|input: &[u8]| {
    let _ = fuzz(&mut Unstructured::new(input));
});

fn fuzz(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let reader: u8 = input.arbitrary()?;
    let stream = Stream::take(input)?;
    match reader % 3 {
        0 => {
            let read = same_in_every_cut(&stream, read_request);
            if let Some((Some(head), body)) = read {
                answer_request(head, &body, server_policy(reader >> 5));
            }
        }
        1 => assert_same_in_every_cut(&stream, read_answer),
        _ => {
            same_in_every_cut(&stream, read_proxy_answer);
        }
    }
    Ok(())
}

fn same_in_every_cut<Read: PartialEq + std::fmt::Debug>(
    stream: &Stream,
    read: impl Fn(&[&[u8]]) -> Read,
) -> Read {
    let expected = read(&stream.pieces(Cut::Whole));
    for cut in [Cut::Sizes, Cut::Bytes] {
        assert_eq!(read(&stream.pieces(cut)), expected, "{cut:?}");
    }
    expected
}

/// Returns the head (`None` if the bytes are not HTTP) and all bytes after it. Returns `None` if
/// the head does not end.
fn read_request(pieces: &[&[u8]]) -> Option<(Option<RequestHead>, Vec<u8>)> {
    let mut reader = RequestReader::default();
    let mut stored = 0;
    for (index, piece) in pieces.iter().enumerate() {
        if let Some(read) = reader.receive(piece) {
            let rest = pieces[index + 1..].concat();
            let body = read.head.is_some().then(|| [read.body, &rest].concat());
            return Some((read.head, body.unwrap_or_default()));
        }
        stored += piece.len();
        assert!(stored <= MAX_HEAD, "{stored} bytes without a verdict");
    }
    None
}

fn server_policy(choice: u8) -> Policy {
    let (drafts, requests) = match choice {
        0 | 1 => (Drafts::Understood, RequestChecks::Strict),
        2 | 3 => (Drafts::Presumed, RequestChecks::Strict),
        4 => (Drafts::Refused, RequestChecks::Strict),
        5 => (Drafts::Refused, RequestChecks::LenientThenStrict),
        _ => (Drafts::Refused, RequestChecks::Lenient),
    };
    let interface = match requests {
        RequestChecks::Strict => Policy::websocket_driver_server(),
        RequestChecks::LenientThenStrict | RequestChecks::Lenient => {
            Policy::websocket_node_server()
        }
    };
    Policy {
        manner: interface.manner,
        versions: interface.versions,
        drafts,
        requests,
        subprotocols: vec!["chat".to_owned()],
        ..policy(0, false)
    }
}

/// Answers a request on a server, like the binding.
fn answer_request(head: RequestHead, body: &[u8], policy: Policy) {
    let mut request = Request::new(
        &head.method,
        &format!("ws://a{}", head.target),
        head.is_http_1_1,
    );
    for (name, value) in head.headers {
        if Request::HEADERS.contains(&name.as_str()) {
            request.add_header(&name, value);
        }
    }
    let refusal = refusal(&request, &policy);
    let server =
        |request, policy| Connection::server(request, policy).expect("the subprotocol is a token");
    let started = server(request.clone(), policy.clone()).start();
    assert_eq!(started.accepted, refusal.is_none(), "{refusal:?}");
    let connection = server(request, policy);
    let framing = match connection.version().name() {
        "hixie-75" => Framing::Hixie75,
        "hixie-76" => Framing::Hixie76 { proven: false },
        _ => HYBI_SERVER,
    };
    let mut driver = reacting(connection, framing, Style::OneByOne, Reaction::Echo);
    driver.negotiate(Extension::Foreign);
    driver.start();
    driver.receive(body);
    let _ = finish(driver);
}

fn read_answer(style: Style, pieces: &[&[u8]]) -> Transcript {
    let framing = Framing::Hybi {
        masked: true,
        reserved: 0x40,
    };
    let mut driver = reacting(new_client(policy(0, true)), framing, style, Reaction::Echo);
    driver.negotiate(Extension::Foreign);
    driver.start();
    let mut stored = 0;
    for piece in pieces {
        driver.receive(piece);
        stored += piece.len();
        let decided = driver.state() != ReadyState::Connecting;
        assert!(
            decided || stored <= MAX_HEAD,
            "{stored} bytes without a verdict"
        );
    }
    let transcript = finish(driver);
    let is_open = transcript.lines.contains(&Line::Event(Event::Open));
    assert!(!is_open || transcript.state != ReadyState::Connecting);
    transcript
}

fn read_proxy_answer(pieces: &[&[u8]]) -> Option<ProxyResponse> {
    let mut connect = Connect::new(Tunnel {
        authority: "example.com:443".to_owned(),
        host: "example.com".to_owned(),
        ..Tunnel::default()
    });
    let mut stored = 0;
    for piece in pieces {
        let answer = connect.receive(piece);
        if answer.is_some() {
            return answer;
        }
        stored += piece.len();
        assert!(stored <= MAX_HEAD, "{stored} bytes without a verdict");
    }
    None
}

const HYBI_SERVER: Framing = Framing::Hybi {
    masked: false,
    reserved: 0x40,
};

/// The maximum length of a head.
const MAX_HEAD: usize = 64 * 1024;
