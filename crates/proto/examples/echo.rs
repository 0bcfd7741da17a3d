//! An echo server over `std::net`: the sans-IO loop in the open, one thread per connection.
//!
//! `cargo run -p faye-websocket-proto --example echo [port]`, then connect to `ws://localhost:8000/`.

use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use faye_websocket_proto::config::Config;
use faye_websocket_proto::connection::Connection;
use faye_websocket_proto::http::request::Request;
use faye_websocket_proto::output::{Event, Output};

fn main() -> Result<()> {
    let port = std::env::args().nth(1).unwrap_or("8000".to_owned());
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    println!("Listening on ws://{}/", listener.local_addr()?);
    for socket in listener.incoming() {
        let socket = socket?;
        thread::spawn(move || {
            if let Err(error) = echo(socket) {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

fn echo(mut socket: TcpStream) -> Result<()> {
    let mut chunk = [0; 64 * 1024];
    let (request, body) = read_request(&mut socket, &mut chunk)?;
    let mut connection = Connection::server(request, Config::server()).map_err(Error::other)?;
    let started = connection.start();
    socket.write_all(connection.outbox().bytes())?;
    connection.outbox().clear();
    if !started.accepted {
        return Ok(());
    }
    connection.receive(&body);
    loop {
        while let Some(output) = connection.poll() {
            match output {
                Output::Message(message) => {
                    let (kind, payload) = (message.kind, message.payload.to_vec());
                    connection.send(kind, &payload);
                }
                // Pongs and the answer to a close frame are in the outbox already.
                Output::Write | Output::Event(Event::Open | Event::Ping(_) | Event::Pong(_)) => {}
                Output::Event(Event::Error(error)) => eprintln!("{error}"),
                Output::Event(Event::Close { .. }) => {
                    return socket.write_all(connection.outbox().bytes());
                }
            }
        }
        socket.write_all(connection.outbox().bytes())?;
        connection.outbox().clear();
        match socket.read(&mut chunk)? {
            0 => return Ok(()),
            length => connection.receive(&chunk[..length]),
        }
    }
}

/// Reads until the head of the request is complete. What came behind it belongs to the connection.
fn read_request(socket: &mut TcpStream, chunk: &mut [u8]) -> Result<(Request, Vec<u8>)> {
    let mut bytes = Vec::new();
    while bytes.len() < 16 * 1024 {
        match socket.read(chunk)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            length => bytes.extend_from_slice(&chunk[..length]),
        }
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Request::new(&mut headers);
        let status = head.parse(&bytes).map_err(Error::other)?;
        let httparse::Status::Complete(size) = status else {
            continue;
        };
        let mut request = Request::new(head.method.unwrap_or_default(), head.version == Some(1));
        for header in head.headers {
            let value = String::from_utf8_lossy(header.value).into_owned();
            request.add_header(&header.name.to_ascii_lowercase(), value);
        }
        return Ok((request, bytes.split_off(size)));
    }
    Err(Error::other("the request head is too long"))
}
