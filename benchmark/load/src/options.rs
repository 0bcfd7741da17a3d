//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::echo::Until;

pub(crate) const USAGE: &str = "\
Opens WebSocket connections to a server, keeps them busy, checks the replies and prints the figures as a
line of JSON.

  faye-websocket-load --port PORT (--data FILE | --size BYTES) [options]
  faye-websocket-load --port PORT --mode connect|idle|get [options]

  --port PORT        the port of the server, on 127.0.0.1
  --mode MODE        the work of the server (default: echo)
                     echo: the server echoes. Counts replies
                     receive: after every 1000 messages of a connection, the server sends their number as
                     a text message. Counts confirmed messages; --in-flight counts thousands
                     broadcast: the server sends the messages of one connection to all. Counts deliveries
                     connect: with any server. Opens --connections at a time, and closes each with a close
                     frame in each direction. Counts the connections that the server has then ended
                     get: with an HTTP server whose answers have a body of 125 times x. Counts answers to GET on
                     connections that stay open, one request at a time on each
                     idle: with any server. Counts nothing; the connections are silent until stdin ends
  --data FILE        messages, each after its length (four bytes, little endian). Every connection sends
                     them in a cycle, beginning at one of eight places
  --size BYTES       generates ASCII messages of this length
  --binary           sends binary messages (default: text)
  --tls              uses TLS 1.3 without resumption, and accepts any certificate; not for receive
  --deflate          offers permessage-deflate, and sends compressed messages with context takeover
  --connections N    the number of connections (default: 64)
  --in-flight K      the number of unanswered messages of every connection (default: 1)
  --warm-up SECONDS  the time before the measurement; every reply is compared (default: 1)
  --seconds SECONDS  the time of the measurement (default: 3)
  --messages N       measures until each connection has sent N messages, instead of --seconds
  --sample N         the number of connections that inflate and compare compressed replies during the
                     measurement (default: 4). The others only count the frames. Replies that are not
                     compressed are compared on all connections
  --patience SECONDS the time limit of a reply (default: 10)
  --step             prints {\"event\":\"ready\"} after the warm-up and measures after a line on stdin. Keeps
                     the connections open, after the result, until stdin ends or has another line
  --help             prints this text

Exit code 1: a reply differs from its message, a connection has ended, or a reply is late. 2: the
command line is invalid.
";

#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub(crate) mode: Mode,
    pub(crate) port: u16,
    pub(crate) source: Source,
    pub(crate) binary: bool,
    pub(crate) deflate: bool,
    pub(crate) tls: bool,
    pub(crate) connections: usize,
    pub(crate) in_flight: usize,
    pub(crate) warm_up: Duration,
    pub(crate) until: Until,
    pub(crate) sample: usize,
    pub(crate) patience: Duration,
    pub(crate) step: bool,
}

/// The work of the connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Echo,
    Receive,
    Broadcast,
    Connect,
    Idle,
    Get,
}

impl Mode {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "echo" => Self::Echo,
            "receive" => Self::Receive,
            "broadcast" => Self::Broadcast,
            "connect" => Self::Connect,
            "idle" => Self::Idle,
            "get" => Self::Get,
            _ => return None,
        })
    }

    fn sends_messages(self) -> bool {
        !matches!(self, Self::Connect | Self::Idle | Self::Get)
    }
}

/// The source of the messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    File(PathBuf),
    Size(usize),
}

#[derive(Debug)]
pub(crate) enum Command {
    Run(Box<Options>),
    Help,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("unknown option: {0}")]
    Unknown(String),
    #[error("{0} requires a value")]
    NoValue(String),
    #[error("invalid value for {0}: {1:?}")]
    Value(String, String),
    #[error("--port is missing")]
    NoPort,
    #[error("either --data or --size is required")]
    NoSource,
    #[error("this mode does not support --tls")]
    NoTls,
}

/// Parses the command line. `arguments` do not include the name of the program.
pub(crate) fn parse(arguments: impl IntoIterator<Item = String>) -> Result<Command, UsageError> {
    let mut arguments = arguments.into_iter();
    let (mut port, mut source) = (None, None);
    let mut options = Options {
        mode: Mode::Echo,
        port: 0,
        source: Source::Size(1),
        binary: false,
        deflate: false,
        tls: false,
        connections: 64,
        in_flight: 1,
        warm_up: Duration::from_secs(1),
        until: Until::Elapsed(Duration::from_secs(3)),
        sample: 4,
        patience: Duration::from_secs(10),
        step: false,
    };
    while let Some(name) = arguments.next() {
        let mut value = || Value::take(&name, arguments.next());
        match name.as_str() {
            "--help" => return Ok(Command::Help),
            "--mode" => options.mode = value()?.mode()?,
            "--binary" => options.binary = true,
            "--tls" => options.tls = true,
            "--deflate" => options.deflate = true,
            "--step" => options.step = true,
            "--port" => port = Some(value()?.number(1, u16::MAX.into())? as u16),
            "--data" => source = Some(Source::File(value()?.text.into())),
            "--size" => source = Some(Source::Size(value()?.number(1, 1 << 30)? as usize)),
            "--connections" => options.connections = value()?.number(1, 1 << 20)? as usize,
            "--in-flight" => options.in_flight = value()?.number(1, 1 << 20)? as usize,
            "--sample" => options.sample = value()?.number(0, 1 << 20)? as usize,
            "--messages" => options.until = Until::Sent(value()?.number(1, 1 << 40)?),
            "--seconds" => options.until = Until::Elapsed(value()?.duration()?),
            "--warm-up" => options.warm_up = value()?.duration()?,
            "--patience" => options.patience = value()?.duration()?,
            _ => return Err(UsageError::Unknown(name)),
        }
    }
    options.port = port.ok_or(UsageError::NoPort)?;
    if options.tls && options.mode == Mode::Receive {
        return Err(UsageError::NoTls);
    }
    match source {
        Some(source) => options.source = source,
        None if options.mode.sends_messages() => return Err(UsageError::NoSource),
        None => {}
    }
    Ok(Command::Run(Box::new(options)))
}

struct Value {
    name: String,
    text: String,
}

impl Value {
    fn take(name: &str, text: Option<String>) -> Result<Self, UsageError> {
        let name = name.to_owned();
        match text {
            Some(text) => Ok(Self { name, text }),
            None => Err(UsageError::NoValue(name)),
        }
    }

    fn number(self, least: u64, most: u64) -> Result<u64, UsageError> {
        match self.text.parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(number),
            _ => Err(UsageError::Value(self.name, self.text)),
        }
    }

    fn mode(self) -> Result<Mode, UsageError> {
        Mode::named(&self.text).ok_or(UsageError::Value(self.name, self.text))
    }

    fn duration(self) -> Result<Duration, UsageError> {
        match self.text.parse().map(Duration::try_from_secs_f64) {
            Ok(Ok(duration)) if duration <= Duration::from_secs(86_400) => Ok(duration),
            _ => Err(UsageError::Value(self.name, self.text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, UsageError> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn every_option_is_parsed() {
        let line = "--port 81 --data a/file --binary --deflate --tls --connections 5 --in-flight 7 --sample 2 \
                    --seconds 0.5 --warm-up 0 --patience 3 --step";
        let Command::Run(options) = parsed(line).unwrap() else {
            panic!("not a run");
        };
        assert_eq!(options.port, 81);
        assert_eq!(options.source, Source::File("a/file".into()));
        assert!(options.binary && options.deflate && options.tls && options.step);
        assert_eq!(
            (options.connections, options.in_flight, options.sample),
            (5, 7, 2)
        );
        assert!(
            matches!(options.until, Until::Elapsed(time) if time == Duration::from_millis(500))
        );
        assert_eq!(
            (options.warm_up, options.patience),
            (Duration::ZERO, Duration::from_secs(3))
        );
    }

    #[test]
    fn a_size_and_a_number_of_messages_are_alternatives() {
        let Command::Run(options) = parsed("--port 81 --size 125 --messages 40").unwrap() else {
            panic!("not a run");
        };
        assert_eq!(options.source, Source::Size(125));
        assert!(matches!(options.until, Until::Sent(40)));
        assert!(matches!(parsed("--port 81 --help"), Ok(Command::Help)));
    }

    #[test]
    fn only_modes_that_send_messages_require_a_source() {
        for (line, expected) in [
            ("--port 81 --mode connect", Ok(Mode::Connect)),
            ("--port 81 --mode idle", Ok(Mode::Idle)),
            ("--port 81 --mode get --tls", Ok(Mode::Get)),
            ("--port 81 --mode receive --size 5", Ok(Mode::Receive)),
            ("--port 81 --size 5", Ok(Mode::Echo)),
            ("--port 81 --mode receive", Err(UsageError::NoSource)),
            ("--port 81 --mode broadcast", Err(UsageError::NoSource)),
        ] {
            let found = parsed(line).map(|command| match command {
                Command::Run(options) => options.mode,
                Command::Help => panic!("not a run"),
            });
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn errors_name_the_option() {
        let value = |name: &str, text: &str| UsageError::Value(name.into(), text.into());
        let rows = [
            ("--port 81", UsageError::NoSource),
            ("--size 5", UsageError::NoPort),
            ("--port", UsageError::NoValue("--port".into())),
            ("--port 70000 --size 5", value("--port", "70000")),
            ("--port 81 --mode receive --tls", UsageError::NoTls),
            ("--port 81 --mode fast", value("--mode", "fast")),
            ("--port 81 --size 0", value("--size", "0")),
            ("--port 81 --size 5 --seconds -1", value("--seconds", "-1")),
            (
                "--port 81 --size 5 --seconds NaN",
                value("--seconds", "NaN"),
            ),
            ("--port 81 --fast", UsageError::Unknown("--fast".into())),
        ];
        for (line, expected) in rows {
            assert_eq!(parsed(line).unwrap_err(), expected, "{line}");
        }
    }
}
