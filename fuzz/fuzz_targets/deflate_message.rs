//! permessage-deflate: messages arrive unchanged under any agreement, and zlib can decode them
//! within the agreed window. From any payload, the core produces the message that zlib produces, up
//! to the limit, or none.
//!
//! An input is eight bytes for the agreement, a byte for the number of messages, the messages, and
//! compressed payloads: a byte for the length, and that number of bytes.
#![no_main]

use arbitrary::{Result, Unstructured};
use faye_websocket_fuzz::zlib::Reader;
use libfuzzer_sys::fuzz_target;
use proto::error::ProtocolError;
use proto::extension::deflate::Session;
use proto::extension::deflate::agreement::Agreed;
use proto::extension::deflate::options::{Compression, Options, WindowBits};

fuzz_target!(|input: &[u8]| {
    let _ = fuzz(&mut Unstructured::new(input));
});

fn fuzz(input: &mut Unstructured<'_>) -> Result<()> {
    let [
        own,
        peer,
        flags,
        level,
        memory_level,
        strategy,
        limit,
        others,
    ] = input.arbitrary()?;
    let window = |byte: u8| WindowBits::new(8 + byte % 8);
    let level = (level < 250).then_some(level % 10);
    let memory_level = (memory_level < 250).then_some(1 + memory_level % 9);
    let client = Options {
        compression: Compression::new(level, memory_level, strategy % 5).expect("in range"),
        no_context_takeover: flags & 1 != 0,
        max_window_bits: window(own),
        request_no_context_takeover: flags & 2 != 0,
        request_max_window_bits: window(peer).filter(|bits| *bits < WindowBits::MAX),
        threshold: 0,
    };
    let server = Options {
        compression: client.compression,
        ..Options::default()
    };
    let (response, on_server) = server.answer([&client.offer()[..]]).expect("acceptable");
    let on_client = client.activate(&response).expect("acceptable");

    let mut others = Others::new(others, &on_server);
    let count = input.arbitrary::<u8>()? % 6;
    let messages = (0..count)
        .map(|_| message(input))
        .collect::<Result<Vec<_>>>()?;
    if flags & 4 == 0 {
        let zlib = Reader::new(8 + own % 8, flags & 1 == 0);
        round_trip(&on_client, &on_server, zlib, &messages, &mut others);
    } else {
        let bits = client.request_max_window_bits.unwrap_or(WindowBits::MAX);
        let zlib = Reader::new(bits.get(), flags & 2 == 0);
        round_trip(&on_server, &on_client, zlib, &messages, &mut others);
    }

    let limits = [usize::MAX, 0, 1, 100, 255, 5000, 70_000, 600_000];
    let limit = limits[usize::from(limit) % limits.len()];
    differ(input, flags & 1 == 0, limit, &mut others)
}

/// Sends messages `from` one end `to` the other, and decodes them with zlib too.
fn round_trip(
    from: &Agreed,
    to: &Agreed,
    mut zlib: Reader,
    messages: &[Vec<u8>],
    others: &mut Others,
) {
    let (mut from, mut to) = (Session::new(from, usize::MAX), Session::new(to, usize::MAX));
    for message in messages {
        let mut compressed = from.deflate(message, <[u8]>::to_vec);
        while let Ok(None) = compressed {
            others.work();
            compressed = from.deflate_more(<[u8]>::to_vec);
        }
        let compressed = compressed.ok().flatten().unwrap_or_default();
        // A smaller piece makes the reader stricter and slower.
        let piece = if message.len() < 2000 { 1 } else { 256 };
        let read = zlib.message(&compressed, usize::MAX, piece);
        assert!(read.as_ref() == Ok(message), "zlib: {:?}", read.map(drop));
        others.work();
        let found = inflate(&mut to, &compressed, others);
        assert!(found.as_ref() == Ok(message), "{:?}", found.map(drop));
        others.work();
    }
}

/// Inflates payloads until one is refused.
fn differ(
    input: &mut Unstructured<'_>,
    takeover: bool,
    limit: usize,
    others: &mut Others,
) -> Result<()> {
    let options = Options {
        request_no_context_takeover: !takeover,
        ..Options::default()
    };
    let (_, agreed) = options.answer([&[][..]]).expect("acceptable");
    let mut ours = Session::new(&agreed, limit);
    let mut zlib = Reader::new(15, takeover);
    while !input.is_empty() {
        let length = usize::from(input.arbitrary::<u8>()?);
        let payload = input.bytes(length.min(input.len()))?;
        let expected = zlib.message(payload, limit, 4096);
        let found = inflate(&mut ours, payload, others);
        match (&found, &expected) {
            (Ok(found), Ok(expected)) => {
                assert!(found == expected, "{payload:02x?}: the messages differ");
                assert!(found.len() <= limit, "{} bytes", found.len());
            }
            // The two may detect different errors first.
            (Err(_), Err(_)) => return Ok(()),
            (found, _) => panic!(
                "{payload:02x?}: {:?}, but zlib {:?}",
                found.as_ref().map(Vec::len),
                expected.as_ref().map(Vec::len)
            ),
        }
        others.work();
    }
    Ok(())
}

fn inflate(
    session: &mut Session,
    payload: &[u8],
    others: &mut Others,
) -> std::result::Result<Vec<u8>, ProtocolError> {
    let mut found = session.inflate(payload, <[u8]>::to_vec)?;
    while found.is_none() {
        others.work();
        found = session.inflate_more(<[u8]>::to_vec)?;
    }
    Ok(found.unwrap_or_default())
}

/// Other connections of the same thread, which use the same states of zlib.
struct Others {
    session: Option<Session>,
    worked: u8,
    every: u8,
}

impl Others {
    fn new(choice: u8, agreed: &Agreed) -> Self {
        Self {
            session: (choice & 1 == 0).then(|| Session::new(agreed, usize::MAX)),
            worked: 0,
            every: 1 + choice / 64,
        }
    }

    fn work(&mut self) {
        self.worked = self.worked.wrapping_add(1);
        if let Some(session) = &mut self.session
            && self.worked.is_multiple_of(self.every)
        {
            let compressed =
                session.deflate(b"other data, to which no other session may refer", |_| ());
            assert_eq!(compressed, Ok(Some(())));
            let inflated =
                session.inflate(&[0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], <[u8]>::to_vec);
            assert_eq!(inflated, Ok(Some(b"Hello".to_vec())));
        }
    }
}

/// Reads a message: bytes and the number of their repetitions. Large messages are rare.
fn message(input: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let [length, times] = input.arbitrary::<[u8; 2]>()?.map(usize::from);
    let bytes = input.bytes(length.min(input.len()))?;
    Ok(bytes.repeat(match times {
        0..=200 => 1,
        201..=254 => times - 190,
        // Compressed in two slices.
        _ => 600,
    }))
}
