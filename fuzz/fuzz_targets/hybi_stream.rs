//! Streams of frames: the chunks do not change the outputs, and no output follows the close.
//!
//! An input is a byte for the role, the extension and the handshake, a byte for the settings, a
//! byte for the reaction, and a [`Stream`].
#![no_main]

use arbitrary::Unstructured;
use faye_websocket_fuzz::reacting::{
    Reacting, Reaction, assert_same_in_every_cut, finish, reacting,
};
use faye_websocket_fuzz::settings::any_policy;
use faye_websocket_fuzz::stream::Stream;
use libfuzzer_sys::fuzz_target;
use proto::output::Kind;
use proto_testing::connections::{RESPONSE, new_client, offered_server, response_with};
use proto_testing::driver::{Driver, Extension, Style};
use proto_testing::wire::Framing;

fuzz_target!(|input: &[u8]| {
    let _ = fuzz(&mut Unstructured::new(input));
});

fn fuzz(input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    let [role, settings, manners] = input.arbitrary()?;
    let stream = Stream::take(input)?;
    assert_same_in_every_cut(&stream, |style, pieces| {
        let mut driver = open(role, settings, style, Reaction::choose(manners));
        for piece in pieces {
            driver.receive(piece);
        }
        finish(driver)
    });
    Ok(())
}

fn open(role: u8, settings: u8, style: Style, reaction: Reaction) -> Driver<Reacting> {
    let (is_client, has_extension, is_early) = (role & 1 != 0, role & 2 != 0, role & 4 != 0);
    let policy = any_policy(settings, is_client);
    let framing = Framing::Hybi {
        masked: is_client,
        reserved: if has_extension { 0x40 } else { 0 },
    };
    let connection = if is_client {
        new_client(policy)
    } else {
        offered_server(policy, "x; a=1; b")
    };
    let mut driver = reacting(connection, framing, style, reaction);
    if has_extension {
        driver.negotiate(Extension::Foreign);
    }
    if is_early {
        driver.send(Kind::Text, b"early");
    }
    driver.start();
    if is_client {
        let answer = if has_extension {
            response_with("x; a=1")
        } else {
            RESPONSE.to_owned()
        };
        driver.receive(answer.as_bytes());
    }
    driver
}
