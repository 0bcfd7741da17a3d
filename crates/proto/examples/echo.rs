//! An echo server on `std::net` with one thread per connection, which shows the sans-IO loop.
//!
//! Run `cargo run -p faye-websocket-proto --example echo [port]`, then connect to
//! `ws://localhost:8000/`.

use std::io::{Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use proto::connection::Connection;
use proto::http::head::RequestReader;
use proto::http::request::Request;
use proto::output::{Event, Output};
use proto::policy::Policy;

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
    let mut connection =
        Connection::server(request, Policy::websocket_driver_server()).map_err(Error::other)?;
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
                // The outbox already contains pongs and the answer to a close frame.
                Output::Write | Output::Event(Event::Open | Event::Ping(_) | Event::Pong(_)) => {}
                // These outputs require an extension or another policy.
                Output::Transform(_)
                | Output::Unfinished
                | Output::Frame(_)
                | Output::Event(Event::Activate | Event::CloseSessions) => {}
                Output::Event(Event::Outgoing { .. }) => {}
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

/// Reads until the head of the request is complete. Later bytes belong to the connection.
fn read_request(socket: &mut TcpStream, chunk: &mut [u8]) -> Result<(Request, Vec<u8>)> {
    let mut reader = RequestReader::default();
    loop {
        let length = socket.read(chunk)?;
        if length == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some(read) = reader.receive(&chunk[..length]) else {
            continue;
        };
        let head = read.head.ok_or(Error::other("not an HTTP request"))?;
        let location = format!("ws://localhost{}", head.target);
        let mut request = Request::new(&head.method, &location, head.is_http_1_1);
        for (name, value) in head.headers {
            request.add_header(&name, value);
        }
        return Ok((request, read.body.to_vec()));
    }
}
