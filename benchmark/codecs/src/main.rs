//! Compares the core with other WebSocket codecs: all decode the same bytes or encode the same messages, in turn, in
//! one thread and without sockets.
//!
//! `benchmark/codecs.js` starts it, and makes a table of its lines.

mod case;
mod codecs;
mod inspector;
mod pipe;
mod wire;

use std::time::Duration;

use cpu_time::ThreadTime;

use case::{Case, Work};
use codecs::{Codec, Open};

fn main() {
    let options = Options::parse(std::env::args().skip(1));
    for name in &options.cases {
        let case = Case::named(name);
        let mut contestants: Vec<_> = options
            .codecs
            .iter()
            .map(|name| Contestant::new(name, &case))
            .collect();
        for contestant in &mut contestants {
            contestant.verify();
            contestant.measure(&case, options.warm_up);
        }
        for round in 0..options.rounds {
            let first = round % contestants.len();
            contestants.rotate_left(first);
            for contestant in &mut contestants {
                let (messages, time) = contestant.measure(&case, options.duration);
                println!(
                    "{}\t{}\t{messages}\t{}",
                    case.name,
                    contestant.name,
                    time.as_nanos()
                );
            }
            contestants.rotate_right(first);
        }
        contestants.iter_mut().for_each(Contestant::verify);
    }
}

struct Options {
    cases: Vec<String>,
    codecs: Vec<String>,
    rounds: usize,
    duration: Duration,
    warm_up: Duration,
}

impl Options {
    /// Parses the arguments: cases, codecs, rounds, seconds of a measurement and of a warm-up.
    fn parse(arguments: impl Iterator<Item = String>) -> Self {
        let arguments: Vec<_> = arguments.collect();
        let [cases, codecs, rounds, seconds, warm_up] = arguments.as_slice() else {
            panic!("usage: faye-websocket-codecs CASES CODECS ROUNDS SECONDS WARM_UP");
        };
        let list = |names: &str| names.split(',').map(str::to_owned).collect();
        let duration =
            |seconds: &str| Duration::from_secs_f64(seconds.parse().expect("a number of seconds"));
        Self {
            cases: list(cases),
            codecs: list(codecs),
            rounds: rounds.parse().expect("a number of rounds"),
            duration: duration(seconds),
            warm_up: duration(warm_up),
        }
    }
}

/// A codec with one connection in a case.
struct Contestant {
    name: String,
    codec: Box<dyn Codec>,
    work: Work,
    open: Box<dyn Fn() -> Box<dyn Codec>>,
}

impl Contestant {
    fn new(name: &str, case: &Case) -> Self {
        let opener: Open = codecs::named(name);
        let wire = case.wire.clone();
        let open = Box::new(move || opener(wire.clone()));
        Self {
            name: name.to_owned(),
            codec: open(),
            work: case.work,
            open,
        }
    }

    /// Compares every byte of some rounds of messages, on a new connection. Panics at a difference.
    fn verify(&mut self) {
        let mut codec = (self.open)();
        match self.work {
            Work::Decode => codec.inspector().is_thorough = true,
            // The pipe compares every byte that is written.
            Work::Encode => {}
        }
        for _ in 0..4 {
            self.work.run(codec.as_mut());
        }
        let inspector = codec.inspector();
        assert!(
            inspector.messages >= 4 * inspector.expected(),
            "{}",
            self.name
        );
    }

    /// Repeats the case for this processor time. Returns the number of messages and the time.
    fn measure(&mut self, case: &Case, duration: Duration) -> (usize, Duration) {
        let before = self.codec.inspector().messages;
        let start = ThreadTime::now();
        let mut time = Duration::ZERO;
        while time < duration {
            case.work.run(self.codec.as_mut());
            time = start.elapsed();
        }
        (self.codec.inspector().messages - before, time)
    }
}
