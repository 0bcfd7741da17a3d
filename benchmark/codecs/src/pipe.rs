//! The peer in memory: the same chunks again and again in one direction, and a comparison in the other.

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::wire::Wire;

/// A socket without a kernel. A read returns bytes of one chunk, and a write compares its bytes with the expected
/// replies. Neither blocks.
pub(crate) struct Pipe {
    wire: Rc<Wire>,
    chunk: usize,
    read: usize,
    written: usize,
}

impl Pipe {
    pub(crate) fn new(wire: Rc<Wire>) -> Self {
        Self {
            wire,
            chunk: 0,
            read: 0,
            written: 0,
        }
    }

    /// Returns the next bytes, at most `most`.
    pub(crate) fn take(&mut self, most: usize) -> &[u8] {
        let end = self.wire.chunks[self.chunk];
        let start = self.read;
        let stop = end.min(start + most);
        self.read = stop;
        if stop == end {
            self.chunk += 1;
            if self.chunk == self.wire.chunks.len() {
                (self.chunk, self.read) = (0, 0);
            }
        }
        &self.wire.bytes[start..stop]
    }

    /// Takes bytes like a kernel, which copies them: reads each of them once.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> usize {
        let expected = &self.wire.replies[self.written..];
        let length = bytes.len().min(expected.len());
        assert!(bytes[..length] == expected[..length], "wrong bytes");
        self.written = (self.written + length) % self.wire.replies.len();
        length
    }
}

impl io::Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let bytes = self.take(into.len());
        into[..bytes.len()].copy_from_slice(bytes);
        Ok(bytes.len())
    }
}

impl io::Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(self.put(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = self.take(into.remaining());
        into.put_slice(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(self.put(bytes)))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(parts.iter().map(|part| self.put(part)).sum()))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
