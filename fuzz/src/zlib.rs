//! zlib itself, the C library, as an independent reader of compressed messages.
//!
//! Knows RFC 7692 §7.2.2 on top of it, without slices. Shares no code with the core.

use std::ffi::{c_int, c_void};
use std::mem::size_of;
use std::ptr::null_mut;

use libz_sys::{
    Z_BLOCK, Z_BUF_ERROR, Z_DATA_ERROR, Z_OK, Z_STREAM_END, inflate, inflateEnd, inflateInit2_,
    inflateReset, inflateSetDictionary, uInt, z_stream, zlibVersion,
};

/// One direction of a session.
pub struct Reader {
    // In a box, because zlib's state points back to it.
    stream: Box<z_stream>,
    takeover: bool,
    /// The end of what has been read.
    past: Vec<u8>,
}

/// Why there is no message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Refused {
    Corrupt,
    CutShort,
    TooLong,
}

/// How far one call has come.
struct Step {
    consumed: usize,
    has_room: bool,
    is_between_blocks: bool,
    is_end: bool,
}

impl Reader {
    /// A reader that remembers no more than this window.
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
        // SAFETY: all fields of the stream that zlib reads are set, and it stays where it is until
        // `inflateEnd`; the version and the size are those that it was compiled with.
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

    /// The message of this payload, if it is no longer than `limit`. zlib gets room for it in pieces:
    /// a message may refer further back than the window by as many bytes.
    ///
    /// # Errors
    /// When there is none. Nothing can be read afterwards.
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

    /// Whether the stream is over, because its last block was a final one.
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
                // zlib says only in the next call that a block was the last one.
                if step.is_between_blocks && self.step(&[], message, piece)?.is_end {
                    return Ok(true);
                }
                break;
            }
        }
        // What was removed says nothing, and has to end a block.
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
                    // If a block has ended within it, its last bits are of no use to the next message.
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
        // SAFETY: the stream was initialised, reads `avail_in` bytes of `input` at most and does not
        // write to them, and writes `avail_out` bytes to `room` at most; both outlive the call.
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
            other => panic!("zlib returns {other}"),
        }
    }

    /// A new stream with the same past, of which `message` has come so far.
    fn restart(&mut self, message: &[u8]) {
        let past = [&self.past, message].concat();
        let past = &past[past.len().saturating_sub(LARGEST_WINDOW)..];
        // SAFETY: the stream was initialised.
        assert_eq!(unsafe { inflateReset(&mut *self.stream) }, Z_OK);
        // SAFETY: the same, and `past` has as many bytes, which are copied.
        let result =
            unsafe { inflateSetDictionary(&mut *self.stream, past.as_ptr(), past.len() as uInt) };
        assert_eq!(result, Z_OK);
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // SAFETY: the stream was initialised and is not used again.
        unsafe { inflateEnd(&mut *self.stream) };
    }
}

unsafe extern "C" fn allocate(_: *mut c_void, items: uInt, size: uInt) -> *mut c_void {
    // SAFETY: `calloc` may be called with any sizes.
    unsafe { calloc(items as usize, size as usize) }
}

unsafe extern "C" fn release(_: *mut c_void, memory: *mut c_void) {
    // SAFETY: zlib releases what it got from `allocate`, once.
    unsafe { free(memory) }
}

unsafe extern "C" {
    fn calloc(items: usize, size: usize) -> *mut c_void;
    fn free(memory: *mut c_void);
}

const LARGEST_WINDOW: usize = 32 * 1024;
