//! Reading and writing of a socket by its descriptor.
//!
//! Knows four system calls. Does not own the descriptor, and does not know its owner: the registration in `table.rs`
//! guarantees that the descriptor still belongs to the socket.

use std::io::{self, ErrorKind};
use std::os::fd::RawFd;

/// Reads the available bytes without waiting. Returns 0 at the end.
pub(crate) fn receive(descriptor: RawFd, into: &mut [u8]) -> io::Result<usize> {
    // SAFETY: the pointer and the length are those of a slice that is writable for the whole call.
    let read = unsafe {
        libc::recv(
            descriptor,
            into.as_mut_ptr().cast(),
            into.len(),
            libc::MSG_DONTWAIT,
        )
    };
    usize::try_from(read).map_err(|_| io::Error::last_os_error())
}

/// Returns whether the peer has ended its half and all bytes before the end have been read.
pub(crate) fn is_at_end(descriptor: RawFd) -> bool {
    let mut byte = 0_u8;
    let flags = libc::MSG_DONTWAIT | libc::MSG_PEEK;
    // SAFETY: the pointer is to one writable byte.
    let read = unsafe { libc::recv(descriptor, std::ptr::from_mut(&mut byte).cast(), 1, flags) };
    read == 0
}

/// Writes as many bytes as the kernel accepts at once, without waiting.
fn send(descriptor: RawFd, bytes: &[u8]) -> io::Result<usize> {
    // SAFETY: the pointer and the length are those of a slice that is readable for the whole call.
    let sent = unsafe {
        libc::send(
            descriptor,
            bytes.as_ptr().cast(),
            bytes.len(),
            libc::MSG_DONTWAIT | NO_SIGNAL,
        )
    };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Writes until the kernel accepts no more. Returns the number of bytes written.
pub(crate) fn send_all(descriptor: RawFd, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
        match send(descriptor, rest) {
            Ok(sent) => written += sent,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}

/// Writes one slice after the other, without joining them, until the kernel accepts no more. Returns the number of
/// bytes written.
pub(crate) fn send_both(descriptor: RawFd, first: &[u8], second: &[u8]) -> io::Result<usize> {
    let mut parts = [io_vector(first), io_vector(second)];
    // SAFETY: zero is a valid value of each field; the fields that matter follow.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_iov = parts.as_mut_ptr();
    message.msg_iovlen = parts.len() as _;
    let sent = loop {
        // SAFETY: the message refers to two slices that are readable for the whole call, and to nothing else.
        let sent = unsafe { libc::sendmsg(descriptor, &message, libc::MSG_DONTWAIT | NO_SIGNAL) };
        match usize::try_from(sent).map_err(|_| io::Error::last_os_error()) {
            Ok(sent) => break sent,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(0),
            Err(error) => return Err(error),
        }
    };
    // A blocking error that follows accepted bytes is that of the next write.
    match sent.checked_sub(first.len()) {
        Some(begun) if begun < second.len() => {
            let rest = second.get(begun..).unwrap_or_default();
            Ok(sent + send_all(descriptor, rest).unwrap_or(0))
        }
        _ => Ok(sent),
    }
}

fn io_vector(bytes: &[u8]) -> libc::iovec {
    libc::iovec {
        iov_base: bytes.as_ptr().cast_mut().cast(),
        iov_len: bytes.len(),
    }
}

/// Returns whether the descriptor is a stream socket: a `Pipe` handle may be a real pipe.
pub(crate) fn is_stream_socket(descriptor: RawFd) -> bool {
    let mut kind: libc::c_int = 0;
    let mut size = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: both pointers are to live variables, and `size` is the size of the first.
    let result = unsafe {
        libc::getsockopt(
            descriptor,
            libc::SOL_SOCKET,
            libc::SO_TYPE,
            std::ptr::from_mut(&mut kind).cast(),
            &mut size,
        )
    };
    result == 0 && kind == libc::SOCK_STREAM
}

#[cfg(target_os = "linux")]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
/// On other systems, libuv sets SO_NOSIGPIPE on its sockets.
#[cfg(not(target_os = "linux"))]
const NO_SIGNAL: libc::c_int = 0;
