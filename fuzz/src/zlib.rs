//! The C library zlib as an independent decoder of compressed messages.
//!
//! Adds RFC 7692 §7.2.2, without slices. Shares no code with the core.

use std::ffi::{c_int, c_void};
use std::mem::size_of;
use std::ptr::null_mut;

use libz_sys::{
    Z_BLOCK, Z_BUF_ERROR, Z_DATA_ERROR, Z_OK, Z_STREAM_END, inflate, inflateEnd, inflateInit2_,
    inflateReset, inflateSetDictionary, uInt, z_stream, zlibVersion,
};

/// One direction of a session.
pub struct Reader {
    // Boxed, because zlib's state contains a pointer to it.
    stream: Box<z_stream>,
    takeover: bool,
    /// The end of the decoded bytes.
    past: Vec<u8>,
}

/// The reason why a payload is invalid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    Corrupt,
    CutShort,
    TooLong,
}

/// The result of one call.
struct Step {
    consumed: usize,
    has_room: bool,
    is_between_blocks: bool,
    is_end: bool,
}

impl Reader {
    /// Creates a reader with this window.
    pub fn new(window_bits: u8, takeover: bool) -> Self {
        let mut stream = Box::new(z_stream {
            next_in: null_mut(),
            avail_in: 0,
            total_in: 0,
            next_out: null_mut(),
            avail_out: 0,
            total_out: 0,
            msg: null_mut(),
            state: null_mut(),
            zalloc: allocate,
            zfree: release,
            opaque: null_mut(),
            data_type: 0,
            adler: 0,
            reserved: 0,
        });
        // SAFETY: all fields of the stream that zlib reads are set, and the stream does not move
        // until `inflateEnd`. The version and the size are those of the compilation.
        let result = unsafe {
            inflateInit2_(
                &mut *stream,
                -c_int::from(window_bits),
                zlibVersion(),
                size_of::<z_stream>() as c_int,
            )
        };
        assert_eq!(result, Z_OK, "a raw stream with a window of {window_bits}");
        Self {
            stream,
            takeover,
            past: Vec::new(),
        }
    }

    /// Returns the message of this payload, if it is no longer than `limit`. zlib receives its
    /// output buffer in pieces, because a message may refer further back than the window by the
    /// length of the buffer.
    ///
    /// # Errors
    /// If the payload is invalid. The reader cannot be used afterwards.
    pub fn message(
        &mut self,
        payload: &[u8],
        limit: usize,
        piece: usize,
    ) -> Result<Vec<u8>, Refused> {
        if payload.is_empty() {
            return Err(Refused::CutShort);
        }
        let mut message = Vec::new();
        let is_over = self.read(payload, limit, piece, &mut message)?;
        if self.takeover {
            self.past.extend_from_slice(&message);
            self.past
                .drain(..self.past.len().saturating_sub(LARGEST_WINDOW));
        }
        if is_over || !self.takeover {
            self.restart(&[]);
        }
        Ok(message)
    }

    /// Decodes a payload. Returns whether the stream has ended with a final block.
    fn read(
        &mut self,
        payload: &[u8],
        limit: usize,
        piece: usize,
        message: &mut Vec<u8>,
    ) -> Result<bool, Refused> {
        let mut rest = payload;
        loop {
            let step = self.step(rest, message, piece)?;
            rest = &rest[step.consumed..];
            if message.len() > limit {
                return Err(Refused::TooLong);
            }
            if step.is_end {
                if rest.is_empty() {
                    return Ok(true);
                }
                self.restart(message);
            } else if rest.is_empty() && step.has_room {
                // zlib reports only in the next call that a block was the last one.
                if step.is_between_blocks && self.step(&[], message, piece)?.is_end {
                    return Ok(true);
                }
                break;
            }
        }
        // The removed bytes must produce no output and must end a block.
        let length = message.len();
        let mut rest: &[u8] = &[0x00, 0x00, 0xFF, 0xFF];
        loop {
            let step = self.step(rest, message, 64)?;
            rest = &rest[step.consumed..];
            if message.len() > length {
                return Err(Refused::CutShort);
            }
            if step.is_end {
                return Ok(true);
            }
            if rest.is_empty() {
                return match step.is_between_blocks {
                    // If a block ended within these bytes, the next message cannot use the
                    // remaining bits.
                    true => Ok(step.consumed < 4),
                    false => Err(Refused::CutShort),
                };
            }
        }
    }

    fn step(&mut self, input: &[u8], out: &mut Vec<u8>, piece: usize) -> Result<Step, Refused> {
        let before = out.len();
        out.resize(before + piece, 0);
        let room = &mut out[before..];
        self.stream.next_in = input.as_ptr().cast_mut();
        self.stream.avail_in = input.len() as uInt;
        self.stream.next_out = room.as_mut_ptr();
        self.stream.avail_out = room.len() as uInt;
        // SAFETY: the stream is initialised. It reads at most `avail_in` bytes of `input` and does
        // not write to them. It writes at most `avail_out` bytes to `room`. Both outlive the call.
        let result = unsafe { inflate(&mut *self.stream, Z_BLOCK) };
        let left = self.stream.avail_out as usize;
        out.truncate(before + piece - left);
        match result {
            Z_OK | Z_BUF_ERROR | Z_STREAM_END => Ok(Step {
                consumed: input.len() - self.stream.avail_in as usize,
                has_room: left > 0,
                is_between_blocks: self.stream.data_type & 128 != 0,
                is_end: result == Z_STREAM_END,
            }),
            Z_DATA_ERROR => Err(Refused::Corrupt),
            other => panic!("unexpected result of zlib: {other}"),
        }
    }

    /// Begins a new stream with the same history, including the current `message`.
    fn restart(&mut self, message: &[u8]) {
        let past = [&self.past, message].concat();
        let past = &past[past.len().saturating_sub(LARGEST_WINDOW)..];
        // SAFETY: the stream is initialised.
        assert_eq!(unsafe { inflateReset(&mut *self.stream) }, Z_OK);
        // SAFETY: the stream is initialised, and `past` contains the given number of bytes, which
        // zlib copies.
        let result =
            unsafe { inflateSetDictionary(&mut *self.stream, past.as_ptr(), past.len() as uInt) };
        assert_eq!(result, Z_OK);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: the stream is initialised and is not used again.
        unsafe { inflateEnd(&mut *self.stream) };
    }
}

unsafe extern "C" fn allocate(_: *mut c_void, items: uInt, size: uInt) -> *mut c_void {
    // SAFETY: `calloc` accepts any sizes.
    unsafe { calloc(items as usize, size as usize) }
}

unsafe extern "C" fn release(_: *mut c_void, memory: *mut c_void) {
    // SAFETY: zlib frees each block from `allocate` once.
    unsafe { free(memory) }
}

unsafe extern "C" {
    fn calloc(items: usize, size: usize) -> *mut c_void;
    fn free(memory: *mut c_void);
}

const LARGEST_WINDOW: usize = 32 * 1024;
