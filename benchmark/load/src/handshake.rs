//! A client's opening handshake: the minimum that our servers require.
//!
//! Blocks, because the connections open one after the other, before the measurement. Does not check the accept value,
//! because the tests of the servers do.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use base64::prelude::*;

use rustls::StreamOwned;

use crate::fault::Refused;
use crate::socket::{Socket, tls_client};

const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST_ANSWER: usize = 16 * 1024;
/// The offer of browsers.
const OFFER: &str = "permessage-deflate; client_max_window_bits";

/// Opens connection number `nth`, and makes its socket non-blocking.
pub(crate) fn open(
    address: SocketAddr,
    nth: usize,
    deflate: bool,
    tls: bool,
) -> Result<Socket, Refused> {
    let mut socket = TcpStream::connect_timeout(&address, PATIENCE)?;
    socket.set_nodelay(true)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.set_write_timeout(Some(PATIENCE))?;
    if !tls {
        converse(&mut socket, address, nth, deflate)?;
        socket.set_nonblocking(true)?;
        return Ok(Socket::Plain(mio::net::TcpStream::from_std(socket)));
    }
    let mut stream = StreamOwned::new(tls_client()?, socket);
    converse(&mut stream, address, nth, deflate)?;
    let (client, socket) = stream.into_parts();
    socket.set_nonblocking(true)?;
    let socket = mio::net::TcpStream::from_std(socket);
    Ok(Socket::Tls(Box::new(StreamOwned::new(client, socket))))
}

fn converse(
    stream: &mut (impl Read + Write),
    address: SocketAddr,
    nth: usize,
    deflate: bool,
) -> Result<(), Refused> {
    stream.write_all(request(address, nth, deflate).as_bytes())?;
    judge(&read_answer(stream)?, deflate)
}

pub(crate) fn request(address: SocketAddr, nth: usize, deflate: bool) -> String {
    let key = BASE64_STANDARD.encode((nth as u128).to_be_bytes());
    let offer = if deflate {
        format!("Sec-WebSocket-Extensions: {OFFER}\r\n")
    } else {
        String::new()
    };
    format!(
        "GET / HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n{offer}\r\n"
    )
}

fn read_answer(socket: &mut impl Read) -> Result<String, Refused> {
    let mut answer = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        let length = socket.read(&mut chunk)?;
        if length == 0 {
            return Err(Refused::Ended);
        }
        answer.extend_from_slice(&chunk[..length]);
        if let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            if end + 4 < answer.len() {
                return Err(Refused::Early);
            }
            return Ok(String::from_utf8_lossy(&answer).into_owned());
        }
        if answer.len() > LONGEST_ANSWER {
            return Err(Refused::TooLong(LONGEST_ANSWER));
        }
    }
}

pub(crate) fn judge(answer: &str, deflate: bool) -> Result<(), Refused> {
    let mut lines = answer.lines();
    let status = lines.next().unwrap_or_default();
    if !status.starts_with("HTTP/1.1 101 ") {
        return Err(Refused::Status(status.to_owned()));
    }
    let extensions: Vec<&str> = lines
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Extensions"))
        .map(|(_, value)| value.trim())
        .collect();
    match (deflate, &extensions[..]) {
        (false, []) => Ok(()),
        (true, []) => Err(Refused::NoDeflate),
        (true, [value]) if suits_prepared_frames(value) => Ok(()),
        _ => Err(Refused::Parameters(extensions.join(", "))),
    }
}

/// Returns whether the server can inflate our frames, which use the whole window and context takeover. The server's
/// frames may use any settings, because our inflaters keep the whole window.
fn suits_prepared_frames(response: &str) -> bool {
    let mut parts = response.split(';').map(str::trim);
    parts.next() == Some("permessage-deflate")
        && parts.all(|parameter| {
            parameter == "client_max_window_bits=15"
                || parameter == "server_no_context_takeover"
                || parameter.starts_with("server_max_window_bits=")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(extensions: &str) -> String {
        format!("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n{extensions}\r\n")
    }

    #[test]
    fn parameters_that_suit_prepared_frames_are_accepted() {
        for parameters in [
            "",
            "; client_max_window_bits=15",
            "; server_max_window_bits=10; server_no_context_takeover",
        ] {
            let answer = answer(&format!(
                "sec-websocket-extensions: permessage-deflate{parameters}\r\n"
            ));
            assert!(judge(&answer, true).is_ok(), "{parameters}");
        }
    }

    #[test]
    fn parameters_that_do_not_suit_prepared_frames_are_refused() {
        for value in [
            "permessage-deflate; client_no_context_takeover",
            "permessage-deflate; client_max_window_bits=12",
            "permessage-deflate, permessage-deflate",
            "x-webkit-deflate-frame",
        ] {
            let answer = answer(&format!("Sec-WebSocket-Extensions: {value}\r\n"));
            assert!(
                matches!(judge(&answer, true), Err(Refused::Parameters(_))),
                "{value}"
            );
        }
    }

    #[test]
    fn deflate_is_used_exactly_if_it_was_requested() {
        assert!(matches!(judge(&answer(""), true), Err(Refused::NoDeflate)));
        assert!(judge(&answer(""), false).is_ok());
        let unasked = answer("Sec-WebSocket-Extensions: permessage-deflate\r\n");
        assert!(judge(&unasked, false).is_err());
    }

    #[test]
    fn an_answer_other_than_an_upgrade_is_reported() {
        let refused = judge("HTTP/1.1 400 Bad Request\r\n\r\n", false);
        assert!(matches!(refused, Err(Refused::Status(status)) if status.contains("400")));
    }
}
