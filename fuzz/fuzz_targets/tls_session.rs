//! Records of TLS after the handshake: a session beside rustls with a network that changes records, and beside a peer
//! that encrypts any records.
//!
//! An input is a byte for the role, the cipher suite and the peer, a byte for the size of chunks, and steps.
#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::fuzz_target;
use tls::{Failure, State, Version};
use tls_testing::{Error, Pair, Role};

fuzz_target!(|input: &[u8]| {
    let _ = fuzz(&mut Unstructured::new(input));
});

fn fuzz(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let [choice, step]: [u8; 2] = input.arbitrary()?;
    let role = if choice & 1 == 0 {
        Role::Client
    } else {
        Role::Server
    };
    let pair = Pair::established(role, usize::from(choice >> 2));
    let step = usize::from(step).pow(2).max(1);
    if choice & 2 == 0 {
        with_rustls(pair, step, input)
    } else {
        with_forger(pair, step, input)
    }
}

/// A step of the peer, of the session or of the network.
#[derive(Arbitrary)]
enum Step {
    PeerWrites(u16),
    PeerChangesKeys(u8),
    PeerCloses,
    SessionWrites(u16),
    /// Delivers records to the session.
    Deliver(u8),
    Tamper(Tampering, u8, u16),
}

#[derive(Arbitrary)]
enum Tampering {
    Change,
    Repeat,
    Swap,
    Drop,
    Cut,
    Insert,
}

/// The session receives a prefix of the plaintext, all of it if the network is honest, and an end only after all of it.
/// The peer accepts everything that the session sends.
fn with_rustls(mut pair: Pair, step: usize, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let is_tls13 = version(&pair) == Version::Tls13;
    let (mut sent, mut answered) = (Vec::new(), Vec::new());
    let (mut queue, mut last) = (Vec::<Vec<u8>>::new(), Vec::new());
    let (mut has_tampered, mut has_closed, mut updates) = (false, false, 0);
    let mut is_peer_alive = true;
    for _ in 0..MAX_STEPS {
        if input.is_empty() {
            break;
        }
        match input.arbitrary()? {
            Step::PeerWrites(length) if !has_closed => {
                let text = pattern(sent.len(), length);
                sent.extend_from_slice(&text);
                queue.extend(records(pair.peer_writes(&text)));
                updates = if length > 0 { 0 } else { updates };
            }
            // More of them in a row are refused.
            Step::PeerChangesKeys(count) if is_tls13 && !has_closed => {
                for _ in 0..count % 4 {
                    if updates < 30 {
                        updates += 1;
                        pair.peer.refresh_traffic_keys().unwrap();
                        queue.extend(records(pair.take_from_peer()));
                    }
                }
            }
            Step::PeerCloses if !has_closed => {
                has_closed = true;
                pair.peer.send_close_notify();
                queue.extend(records(pair.take_from_peer()));
            }
            Step::SessionWrites(length) => {
                let text = pattern(answered.len(), length);
                let (wire, taken) = pair.subject.write(&text);
                answered.extend_from_slice(&text[..taken]);
                if !receive(&mut pair, &wire, has_tampered || has_closed) {
                    is_peer_alive = false;
                    break;
                }
            }
            Step::Deliver(count) => {
                let count = usize::from(count).min(queue.len());
                for record in queue.drain(..count) {
                    pair.subject.deliver(&record, step);
                    last = record;
                }
                assert!(pair.subject.session.pending() < MAX_PENDING);
            }
            Step::Tamper(tampering, place, value) if !queue.is_empty() => {
                has_tampered = true;
                tamper(&mut queue, &last, tampering, usize::from(place), value);
            }
            Step::PeerWrites(_)
            | Step::PeerChangesKeys(_)
            | Step::PeerCloses
            | Step::Tamper(..) => {}
        }
    }
    for record in queue {
        pair.subject.deliver(&record, step);
    }
    let (wire, _) = pair.subject.write(&[]);
    if is_peer_alive {
        receive(&mut pair, &wire, has_tampered || has_closed);
    }
    let received = &pair.subject.received;
    assert!(
        sent.starts_with(received),
        "other plaintext than the peer's"
    );
    assert!(answered.starts_with(&pair.received));
    match pair.subject.session.state() {
        State::Ended => assert!(has_closed && *received == sent, "a truncated end"),
        State::Established => assert!(has_tampered || (!has_closed && *received == sent)),
        state => assert!(has_tampered, "{state:?}"),
    }
    if !has_tampered && !has_closed {
        assert!(answered == pair.received);
    }
    Ok(())
}

/// Gives the peer the bytes of the session. Only an alert, about tampering, may end the peer. Returns whether it
/// continues.
fn receive(pair: &mut Pair, wire: &[u8], may_alert: bool) -> bool {
    match pair.give_peer(wire) {
        Ok(()) => true,
        Err(Error::AlertReceived(_)) if may_alert => false,
        Err(error) => panic!("{error}"),
    }
}

fn tamper(queue: &mut Vec<Vec<u8>>, last: &[u8], how: Tampering, place: usize, value: u16) {
    let place = place % queue.len();
    let Some(at) = usize::from(value).checked_rem(queue[place].len()) else {
        // Cut to nothing.
        return;
    };
    match how {
        Tampering::Change => queue[place][at] ^= (value >> 8) as u8 | 1,
        Tampering::Repeat => queue.insert(place, last.to_vec()),
        Tampering::Swap => queue.swap(place, 0),
        Tampering::Drop => drop(queue.remove(place)),
        Tampering::Cut => queue[place].truncate(at),
        Tampering::Insert => {
            let [kind, length] = value.to_be_bytes();
            let record = [
                &[kind, 3, 3, 0, length],
                &vec![kind; usize::from(length)][..],
            ]
            .concat();
            queue.insert(place, record);
        }
    }
}

/// The session receives the plaintext of all records before the first that it refuses, and answers with one alert.
fn with_forger(pair: Pair, step: usize, input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let (mut subject, mut forger) = pair.forge();
    let (mut sent, mut quiet) = (Vec::new(), 0);
    for _ in 0..MAX_STEPS {
        if input.is_empty() || *subject.session.state() != State::Established {
            break;
        }
        let (kind, length, padding, explicit): (u8, u16, u8, u64) = input.arbitrary()?;
        let kind = [23, 23, 22, 21, 20, kind][usize::from(kind) % 6];
        let content = if kind == 23 {
            pattern(sent.len(), length)
        } else {
            let rest = usize::from(length % 16).min(input.len());
            input.bytes(rest)?.to_vec()
        };
        let record = forger.seal(kind, &content, usize::from(padding), explicit);
        subject.deliver(&record, step);
        quiet += 1;
        if kind == 23 && *subject.session.state() == State::Established {
            assert!(content.len() <= 16_384);
            sent.extend_from_slice(&content);
            quiet = if content.is_empty() { quiet } else { 0 };
        }
        let is_refused = matches!(subject.session.state(), State::Failed(Failure::Refused(_)));
        assert!(
            quiet <= 32 || is_refused,
            "too many records without plaintext"
        );
        assert!(subject.session.pending() < MAX_PENDING);
        // Its keys do not follow those of the session.
        if kind == 22 && content.first() == Some(&24) {
            break;
        }
        let (wire, _) = subject.write(&[]);
        let answer = forger.open(&wire);
        assert!(answer.iter().all(|(kind, _)| *kind == 21), "{answer:?}");
        assert!(
            !is_refused || !answer.is_empty(),
            "a refusal without an alert"
        );
    }
    assert!(subject.received == sent, "other plaintext than the peer's");
    Ok(())
}

fn version(pair: &Pair) -> Version {
    pair.subject
        .session
        .agreement()
        .map_or(Version::Tls12, |agreement| agreement.version)
}

fn pattern(start: usize, length: u16) -> Vec<u8> {
    (start..start + usize::from(length))
        .map(|index| (index % 251) as u8)
        .collect()
}

/// Splits bytes into records.
fn records(mut wire: Vec<u8>) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    while let Some(&[_, _, _, high, low]) = wire.first_chunk() {
        let rest = wire.split_off(5 + usize::from(u16::from_be_bytes([high, low])));
        records.push(std::mem::replace(&mut wire, rest));
    }
    records
}

const MAX_STEPS: usize = 64;
/// More than the answers that may wait.
const MAX_PENDING: usize = 200;
