//! An application that reacts in one way, and checks what is written.

use proto::connection::{Connection, ReadyState};
use proto::output::{Event, Kind};
use proto_testing::driver::{Application, Driver, Line, Style};
use proto_testing::wire::{Framing, Wire};

use crate::stream::{Cut, Stream};

/// What has come out, and what the application does.
#[derive(Debug)]
pub struct Reacting {
    wire: Wire,
    reaction: Reaction,
    lines: Vec<Line>,
}

/// What the application does in its handlers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reaction {
    Nothing,
    /// Sends every message back.
    Echo,
    /// Closes at the first message.
    CloseOnMessage,
    /// Closes at the first ping.
    CloseOnPing,
    /// Sends a message and closes as soon as it is open.
    SendAndCloseOnOpen,
}

/// All that came out, and where the connection stands.
#[derive(Debug, Eq, PartialEq)]
pub struct Transcript {
    pub lines: Vec<Line>,
    pub state: ReadyState,
}

impl Reaction {
    /// The reaction that a byte of input stands for.
    pub fn choose(choice: u8) -> Self {
        [
            Self::Nothing,
            Self::Echo,
            Self::CloseOnMessage,
            Self::CloseOnPing,
            Self::SendAndCloseOnOpen,
        ][usize::from(choice) % 5]
    }
}

/// A driver of a connection that has not written anything.
pub fn reacting(
    connection: Connection,
    framing: Framing,
    style: Style,
    reaction: Reaction,
) -> Driver<Reacting> {
    let application = Reacting {
        wire: Wire::new(framing),
        reaction,
        lines: Vec::new(),
    };
    Driver::new(connection, style, application)
}

impl Application for Reacting {
    fn happened(driver: &mut Driver<Self>, line: Line) {
        let Self { wire, reaction, .. } = &mut driver.application;
        let reaction = *reaction;
        if let Line::Write(write) = &line {
            wire.write(write).expect("what is written is legal");
        }
        driver.application.lines.push(line.clone());
        match (reaction, line) {
            (Reaction::Echo, Line::Message(kind, payload)) => {
                driver.send(kind, &payload);
            }
            (Reaction::CloseOnMessage, Line::Message(..))
            | (Reaction::CloseOnPing, Line::Event(Event::Ping(_))) => close(driver),
            (Reaction::SendAndCloseOnOpen, Line::Event(Event::Open)) => {
                driver.send(Kind::Text, "hé".as_bytes());
                close(driver);
            }
            _ => {}
        }
    }
}

fn close(driver: &mut Driver<Reacting>) {
    let caused = driver.connection().close(3001, "bye");
    driver.caused(caused.expect("the code may be sent"));
}

/// Ends the conversation.
pub fn finish(mut driver: Driver<Reacting>) -> Transcript {
    driver.flush();
    Transcript {
        state: driver.state(),
        lines: driver.application.lines,
    }
}

/// Checks that neither the cuts of the stream nor the way messages are asked for change what comes out.
///
/// # Panics
/// When one does.
pub fn assert_same_in_every_cut(stream: &Stream, run: impl Fn(Style, &[&[u8]]) -> Transcript) {
    let expected = run(Style::OneByOne, &stream.pieces(Cut::Whole));
    for (style, cut) in [
        (Style::OneByOne, Cut::Sizes),
        (Style::OneByOne, Cut::Bytes),
        (Style::Runs, Cut::Whole),
        (Style::Runs, Cut::Sizes),
    ] {
        let found = run(style, &stream.pieces(cut));
        assert_eq!(found, expected, "{cut:?}, {style:?}");
    }
}
