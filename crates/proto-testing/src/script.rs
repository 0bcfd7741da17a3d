//! A script: what the peer sends and the application does, and the transcript that must come of it.
//!
//! What happens, one step per line:
//!
//! ```text
//! receive 81 02 "Hi"            bytes of the peer, see `notation`; cut in every way
//!   | HTTP/1.1 101 Hi           … a line of a head, with CRLF
//!   + 81 00                     … more bytes
//! chunk 81 00                   bytes that are never cut
//! text "Hi"                     a command; see `scripted`
//! on message text => close      the same command in the handler of the next such line
//! each ping => text "Hi"        … of every such line
//! ```
//!
//! What comes out, one line each: `write 8102 "Hi"`, `message text "Hi"`, `ping "a"`, `open`, `error …`,
//! `close 1002 …`, and the answers of commands. A head is written as `head` lines and a `body` line, and
//! `+` goes on with the bytes of the line above.

use proto::connection::Connection;

use crate::driver::{Driver, Style};
use crate::notation::{bytes, show};

/// See [`script`].
#[derive(Clone, Copy)]
pub struct Script {
    /// What the script shows.
    pub name: &'static str,
    connection: fn() -> Connection,
    given: &'static str,
    expected: &'static str,
}

/// A step of a script, parsed.
enum Step {
    Receive { bytes: Vec<u8>, splittable: bool },
    Do(String),
}

/// A script with its name: with what it begins, what happens, and what must come out.
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
    /// Runs the script whole, byte by byte, and in every two-part split, polling both one by one and
    /// in runs of messages.
    ///
    /// # Panics
    /// When a transcript is not the expected one.
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
            same("whole", &|_| false);
            same("byte by byte", &|_| true);
            for cut in (1..length).filter(|&at| worth_cutting(at, length)) {
                same(&format!("cut at {cut}"), &|at| at == cut);
            }
        }
    }

    /// The transcript when the received bytes are cut before each position for which `is_cut`.
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

    /// How many bytes are received in all.
    pub fn length(&self) -> usize {
        let received = self.steps().into_iter().map(|step| match step {
            Step::Receive { bytes, .. } => bytes.len(),
            Step::Do(_) => 0,
        });
        received.sum()
    }

    /// The expected lines, with bytes spelled as transcripts spell them.
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

/// The kind and the payload of a line that has one.
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

/// Long inputs are cut near both ends, where the headers are, and here and there between.
fn worth_cutting(at: usize, length: usize) -> bool {
    at < 300 || length - at < 100 || at % 4099 < 2
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}
