//! Frames of a peer: where they are cut does not change what comes out, and nothing comes out after the
//! close.
//!
//! An input is a byte for the role, the extension and the handshake, a byte for the settings, a byte for
//! the application's manners, and a [`Stream`].
#![no_main]

use arbitrary::Unstructured;
use faye_websocket_fuzz::connections::{
    ANSWER, ANSWER_WITH_EXTENSION, client, config, hybi_server,
};
use faye_websocket_fuzz::driver::{Driver, Reaction, Style, assert_same_in_every_cut};
use faye_websocket_fuzz::stream::Stream;
use faye_websocket_fuzz::wire::Framing;
use libfuzzer_sys::fuzz_target;

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
        driver.finish()
    });
    Ok(())
}

fn open(role: u8, settings: u8, style: Style, reaction: Reaction) -> Driver {
    let (is_client, has_extension, is_early) = (role & 1 != 0, role & 2 != 0, role & 4 != 0);
    let config = config(settings, is_client);
    let framing = Framing::Hybi {
        masked: is_client,
        reserved: if has_extension { 0x40 } else { 0 },
    };
    let connection = if is_client {
        client(config)
    } else {
        hybi_server(config)
    };
    let mut driver = Driver::new(connection, framing, style, reaction);
    if has_extension {
        driver.add_extension();
    }
    if is_early {
        driver.send(proto::output::Kind::Text, b"early");
    }
    driver.start();
    if is_client {
        driver.receive(
            if has_extension {
                ANSWER_WITH_EXTENSION
            } else {
                ANSWER
            }
            .as_bytes(),
        );
    }
    driver
}
