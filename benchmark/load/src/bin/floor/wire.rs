//! The wire of a connection of the floor: a socket, or TLS over a socket.
//!
//! The compiler generates a separate server for each, so that neither slows the other down.

use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use mio::net::TcpStream;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};

use crate::READ_BUFFER;

/// A socket with or without TLS. `flush` writes the bytes that the socket has not accepted, and returns `WouldBlock`
/// while some remain.
pub(crate) trait Wire: Read + Write {
    /// Returns whether a read of `length` bytes into `room` has emptied the wire.
    fn is_emptied(&self, length: usize, room: usize) -> bool;
}

impl Wire for TcpStream {
    fn is_emptied(&self, length: usize, room: usize) -> bool {
        length < room
    }
}

pub(crate) struct Tls {
    socket: TcpStream,
    session: ServerConnection,
    /// The bytes of one read from the socket. rustls itself would read 4 KiB at a time.
    encrypted: Vec<u8>,
    /// The range of the bytes that the session has not received yet.
    rest: Range<usize>,
}

impl Tls {
    pub(crate) fn new(config: &Arc<ServerConfig>, socket: TcpStream) -> io::Result<Self> {
        let mut session = ServerConnection::new(Arc::clone(config)).map_err(invalid)?;
        // The server answers everything before it reads more, so it and the peer bound the output.
        session.set_buffer_limit(None);
        Ok(Self {
            socket,
            session,
            encrypted: vec![0; READ_BUFFER],
            rest: 0..0,
        })
    }

    /// Passes the rest of the read bytes to the session, as many as it accepts.
    fn decrypt(&mut self) -> io::Result<()> {
        let mut bytes = &self.encrypted[self.rest.clone()];
        self.rest.start += self.session.read_tls(&mut bytes)?;
        self.session.process_new_packets().map_err(invalid)?;
        // Writes the answers of the handshake.
        match self.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            result => result,
        }
    }
}

impl Wire for Tls {
    fn is_emptied(&self, length: usize, room: usize) -> bool {
        length < room && self.rest.is_empty() && self.rest.end < self.encrypted.len()
    }
}

impl Read for Tls {
    /// Returns the decrypted bytes of one read from the socket, as many as fit.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.session.reader().read(&mut buffer[filled..]) {
                Ok(0) => return Ok(filled),
                Ok(length) => filled += length,
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            if self.rest.is_empty() {
                if filled > 0 {
                    return Ok(filled);
                }
                self.rest = 0..self.socket.read(&mut self.encrypted)?;
                if self.rest.is_empty() {
                    return Ok(0);
                }
            }
            self.decrypt()?;
        }
        Ok(filled)
    }
}

impl Write for Tls {
    /// Accepts all bytes; `flush` reports when they are written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.session.writer().write(bytes)?;
        match self.flush() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(length),
            result => result.map(|()| length),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.socket)?;
        }
        Ok(())
    }
}

/// Reads the certificate and the key from a PEM file.
pub(crate) fn tls_config(file: &Path) -> io::Result<Arc<ServerConfig>> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file)
        .map_err(invalid)?
        .collect();
    let key = PrivateKeyDer::from_pem_file(file).map_err(invalid)?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(invalid)?
        .with_no_client_auth()
        .with_single_cert(certificates.map_err(invalid)?, key)
        .map_err(invalid)?;
    Ok(Arc::new(config))
}

fn invalid(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}
