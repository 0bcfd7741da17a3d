//! Streams of the drafts: the chunks, and whether the server answers before or after bytes arrive,
//! do not change the outputs. The body of a hixie-76 request is the first part of the stream.
//!
//! An input is a byte for the draft, a byte for the settings, a byte for the reaction, and a
//! [`Stream`].
#![no_main]

use arbitrary::Unstructured;
use faye_websocket_fuzz::reacting::{Reaction, assert_same_in_every_cut, finish, reacting};
use faye_websocket_fuzz::settings::policy;
use faye_websocket_fuzz::stream::Stream;
use libfuzzer_sys::fuzz_target;
use proto::output::Kind;
use proto_testing::connections::{hixie75_server, hixie76_server};
use proto_testing::wire::Framing;

fuzz_target!(|input: &[u8]| {
    let _ = fuzz(&mut Unstructured::new(input));
});

fn fuzz(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let [draft, settings, manners] = input.arbitrary()?;
    let stream = Stream::take(input)?;
    let is_late = draft & 4 != 0;
    assert_same_in_every_cut(&stream, |style, pieces| {
        let policy = policy(settings, false);
        let (connection, framing) = if draft & 1 == 0 {
            (hixie75_server(policy), Framing::Hixie75)
        } else {
            (hixie76_server(policy), Framing::Hixie76 { proven: false })
        };
        let mut driver = reacting(connection, framing, style, Reaction::choose(manners));
        if draft & 2 != 0 {
            driver.send(Kind::Text, b"early");
            driver.send(Kind::Binary, b"never");
        }
        if !is_late {
            driver.start();
        }
        let middle = if is_late { pieces.len() / 2 } else { 0 };
        for (index, piece) in pieces.iter().enumerate() {
            if is_late && index == middle {
                driver.start();
            }
            driver.receive(piece);
        }
        // A second start is refused.
        driver.start();
        finish(driver)
    });
    Ok(())
}
