//! Scripts: the bytes of the peer and the commands of the application, with the expected
//! transcript.
//!
//! The steps, one per line:
//!
//! ```text
//! receive 81 02 "Hi"            bytes from the peer, see `notation`; split in each way
//!   | HTTP/1.1 101 Hi           … a line of a head, with CRLF
//!   + 81 00                     … more bytes
//! chunk 81 00                   bytes that are never split
//! text "Hi"                     a command; see `scripted`
//! on message text => close      the same command in the handler of the next such line
//! each ping => text "Hi"        … of each such line
//! ```
//!
//! The outputs, one per line: `write 8102 "Hi"`, `message text "Hi"`, `ping "a"`, `open`,
//! `error …`, `close 1002 …`, and the results of commands. A head is shown as `head` lines and a
//! `body` line. `+` continues the bytes of the previous line.

use proto::connection::Connection;

use crate::driver::{Driver, Style};
use crate::notation::{bytes, show};

/// A script, made by [`script`].
#[derive(Clone, Copy)]
pub struct Script {
    /// The behaviour that the script shows.
    pub name: &'static str,
    connection: fn() -> Connection,
    given: &'static str,
    expected: &'static str,
}

/// A parsed step.
enum Step {
    Receive { bytes: Vec<u8>, splittable: bool },
    Do(String),
}

/// Creates a script from a name, a connection, its steps and the expected outputs.
pub const fn script(
    name: &'static str,
    connection: fn() -> Connection,
    given: &'static str,
    expected: &'static str,
) -> Script {
    Script {
        name,
        connection,
        given,
        expected,
    }
}

impl Script {
    /// Runs the script in one chunk, byte by byte, and in each split into two chunks. Polls one by
    /// one and in runs.
    ///
    /// # Panics
    /// If a transcript differs from the expected one.
    pub fn check(&self) {
        let expected = self.expected();
        let length = self.length();
        for style in [Style::OneByOne, Style::Runs] {
            let same = |cuts: &str, is_cut: &dyn Fn(usize) -> bool| {
                let found = self.run(style, is_cut);
                assert!(
                    found == expected,
                    "{}, {cuts}, {style:?}\nfound:\n  {}\nexpected:\n  {}",
                    self.name,
                    found.join("\n  "),
                    expected.join("\n  "),
                );
            };
            same("in one chunk", &|_| false);
            same("byte by byte", &|_| true);
            for cut in (1..length).filter(|&at| worth_cutting(at, length)) {
                same(&format!("cut at {cut}"), &|at| at == cut);
            }
        }
    }

    /// Returns the transcript if the received bytes are split before each position for which
    /// `is_cut` returns true.
    pub fn run(&self, style: Style, is_cut: &dyn Fn(usize) -> bool) -> Vec<String> {
        let mut driver = Driver::scripted((self.connection)(), style);
        let mut position = 0;
        for step in self.steps() {
            match step {
                Step::Do(command) => driver.step(&command),
                Step::Receive { bytes, splittable } => {
                    let mut start = 0;
                    for end in 1..=bytes.len() {
                        if end == bytes.len() || splittable && is_cut(position + end) {
                            driver.receive(&bytes[start..end]);
                            start = end;
                        }
                    }
                    position += bytes.len();
                }
            }
        }
        driver.into_lines()
    }

    /// Returns the number of received bytes.
    pub fn length(&self) -> usize {
        let received = self.steps().into_iter().map(|step| match step {
            Step::Receive { bytes, .. } => bytes.len(),
            Step::Do(_) => 0,
        });
        received.sum()
    }

    /// Returns the expected lines, with bytes in the notation of transcripts.
    pub fn expected(&self) -> Vec<String> {
        let mut expected: Vec<String> = Vec::new();
        for line in lines(self.expected) {
            match (line.strip_prefix("+ "), expected.last_mut()) {
                (Some(more), Some(last)) => last.push_str(more),
                _ => expected.push(line.to_owned()),
            }
        }
        let normal = |line: String| match payload_of(&line) {
            Some((kind, payload)) => format!("{kind}{}", show(&bytes(payload))),
            None => line,
        };
        expected.into_iter().map(normal).collect()
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for line in lines(self.given) {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match (word, steps.last_mut()) {
                ("receive" | "chunk", _) => steps.push(Step::Receive {
                    bytes: bytes(rest),
                    splittable: word == "receive",
                }),
                ("|", Some(Step::Receive { bytes, .. })) => {
                    bytes.extend_from_slice(rest.as_bytes());
                    bytes.extend_from_slice(b"\r\n");
                }
                ("+", Some(Step::Receive { bytes: more, .. })) => more.extend(bytes(rest)),
                _ => steps.push(Step::Do(line.to_owned())),
            }
        }
        steps
    }
}

/// Returns the kind and the payload of a line, if it has a payload.
fn payload_of(line: &str) -> Option<(&str, &str)> {
    [
        "write ",
        "message text ",
        "message binary ",
        "ping ",
        "pong ",
    ]
    .into_iter()
    .find_map(|kind| line.strip_prefix(kind).map(|payload| (kind, payload)))
    .filter(|(_, payload)| !payload.starts_with("refused") && !payload.starts_with("invalid"))
}

/// Selects the positions of splits. Long inputs are split near both ends, where the headers are,
/// and at some positions between.
fn worth_cutting(at: usize, length: usize) -> bool {
    at < 300 || length - at < 100 || at % 4099 < 2
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}
