//! The load generator of the benchmarks: many WebSocket connections from one thread to a server. Checks every received
//! byte, except in compressed replies that `--sample` excludes.
//!
//! Does not know the server or the cores: `benchmark/*.js` starts both programs, pins them and compares. The generator
//! must cost far less than the servers, so it prepares as much as possible.

mod connect;
mod connection;
mod cycle;
mod dataset;
mod echo;
mod fault;
mod frame;
mod get;
mod handshake;
mod latency;
mod options;
mod receive;
mod replies;
mod report;
mod socket;

use std::fs;
use std::io::{BufRead, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use crate::connect::Doors;
use crate::cycle::Cycle;
use crate::echo::{Load, Pattern, Tally, Until};
use crate::fault::{BadData, Failure};
use crate::get::Gets;
use crate::options::{Command, Mode, Options, Source};
use crate::receive::Flood;

const WRONG_USAGE: u8 = 2;

fn main() -> ExitCode {
    let options = match options::parse(std::env::args().skip(1)) {
        Ok(Command::Run(options)) => options,
        Ok(Command::Help) => {
            print!("{}", options::USAGE);
            return ExitCode::SUCCESS;
        }
        Err(error) => return fail(&error, WRONG_USAGE),
    };
    let cycle = match prepare(&options) {
        Ok(cycle) => cycle,
        Err(error) => return fail(&error, WRONG_USAGE),
    };
    match run(&options, &cycle) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure, 1),
    }
}

fn fail(error: &dyn std::error::Error, code: u8) -> ExitCode {
    eprintln!("faye-websocket-load: {error}");
    ExitCode::from(code)
}

fn prepare(options: &Options) -> Result<Cycle, BadData> {
    let opcode = if options.binary {
        frame::BINARY
    } else {
        frame::TEXT
    };
    match &options.source {
        Source::File(path) => {
            let file = fs::read(path)?;
            Cycle::new(&dataset::split(&file)?, opcode, options.deflate)
        }
        Source::Size(size) => {
            let messages = dataset::of_size(*size);
            let slices: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
            Cycle::new(&slices, opcode, options.deflate)
        }
    }
}

/// A load that can be measured.
enum Work<'a> {
    Messages(Load<'a>),
    Flood(Flood<'a>),
    Doors(Doors),
    Gets(Gets),
}

impl<'a> Work<'a> {
    fn begin(options: &Options, cycle: &'a Cycle) -> Result<Self, Failure> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, options.port));
        let &Options {
            connections,
            in_flight,
            patience,
            tls,
            ..
        } = options;
        let open = |pattern| {
            Load::open(
                pattern,
                cycle,
                address,
                connections,
                in_flight,
                patience,
                tls,
            )
            .map(Self::Messages)
        };
        match options.mode {
            Mode::Echo => open(Pattern::Echo),
            Mode::Broadcast => open(Pattern::Broadcast),
            Mode::Idle => open(Pattern::Silence),
            Mode::Receive => Flood::open(cycle, address, connections, patience).map(Self::Flood),
            Mode::Connect => Doors::new(address, connections, patience, tls).map(Self::Doors),
            Mode::Get => Gets::new(address, connections, patience, tls).map(Self::Gets),
        }
    }

    fn exchange(&mut self, until: Until) -> Result<Tally, Failure> {
        match self {
            Self::Messages(load) => load.exchange(until),
            Self::Flood(flood) => flood.exchange(until),
            Self::Doors(doors) => doors.exchange(until),
            Self::Gets(gets) => gets.exchange(until),
        }
    }
}

fn run(options: &Options, cycle: &Cycle) -> Result<(), Failure> {
    let mut work = Work::begin(options, cycle)?;
    if !options.warm_up.is_zero() {
        work.exchange(Until::Elapsed(options.warm_up))?;
    }
    if let Work::Messages(load) = &mut work {
        load.inflate_only(options.sample);
    }
    if options.step {
        say(report::READY);
        await_line();
    }
    let before = report::cpu_seconds();
    let tally = work.exchange(options.until)?;
    let used = before.zip(report::cpu_seconds());
    say(&report::result(
        &tally,
        used.map(|(before, after)| after - before),
    ));
    if options.step || options.mode == Mode::Idle {
        await_line();
    }
    match (options.mode, work) {
        (Mode::Idle, Work::Messages(mut load)) => load.expect_silence(),
        _ => Ok(()),
    }
}

/// Prints a line. Ignores errors, because without a reader the program needs no output.
fn say(line: &str) {
    let mut stdout = std::io::stdout().lock();
    if writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .is_err()
    {
        std::process::exit(1);
    }
}

fn await_line() {
    let mut line = String::new();
    // The end of stdin and an error count as a line.
    std::io::stdin().lock().read_line(&mut line).ok();
}
