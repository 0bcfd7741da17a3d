//! An application that reacts in one way and checks the written bytes.

use proto::connection::{Connection, ReadyState};
use proto::output::{Event, Kind};
use proto_testing::driver::{Application, Driver, Line, Style};
use proto_testing::wire::{Framing, Wire};

use crate::stream::{Cut, Stream};

/// The transcript, and the application's reaction.
#[derive(Debug)]
pub struct Reacting {
    wire: Wire,
    reaction: Reaction,
    lines: Vec<Line>,
}

/// The application's reaction in its handlers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Reaction {
    Nothing,
    /// Returns each message.
    Echo,
    /// Closes at the first message.
    CloseOnMessage,
    /// Closes at the first ping.
    CloseOnPing,
    /// Sends a message and closes at the open event.
    SendAndCloseOnOpen,
}

/// The outputs, and the state of the connection.
#[derive(Debug, Eq, PartialEq)]
pub struct Transcript {
    pub lines: Vec<Line>,
    pub state: ReadyState,
}

impl Reaction {
    /// Returns the reaction for a byte of input.
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

/// Creates a driver for a connection without output so far.
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
    fn handle(driver: &mut Driver<Self>, line: Line) {
        let Self { wire, reaction, .. } = &mut driver.application;
        let reaction = *reaction;
        if let Line::Write(write) = &line {
            wire.write(write).expect("the write is valid");
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
    driver.caused(caused.expect("3001 may be sent"));
}

/// Ends the conversation.
pub fn finish(mut driver: Driver<Reacting>) -> Transcript {
    driver.flush();
    Transcript {
        state: driver.state(),
        lines: driver.application.lines,
    }
}

/// Checks that neither the chunks of the stream nor the method of polling changes the outputs.
///
/// # Panics
/// If one of them does.
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
