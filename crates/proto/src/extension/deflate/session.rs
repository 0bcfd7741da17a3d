//! A session without a connection, for other libraries.
//!
//! Does not validate text.

use super::agreement::Agreed;
use super::{Deflater, Inflater, Progress};
use crate::error::ProtocolError;
use crate::memory;

/// A session with one message per direction at a time. The closure borrows the result. `None` means
/// that a large message is incomplete: continue after other connections have had their turn.
#[derive(Debug)]
pub struct Session {
    inflater: Inflater,
    deflater: Deflater,
}

impl Session {
    /// Creates a session. `max_length` limits inflated messages, in bytes, inclusive.
    #[must_use]
    pub fn new(agreed: &Agreed, max_length: usize) -> Self {
        Self {
            inflater: Inflater::new(agreed, max_length),
            deflater: Deflater::new(agreed),
        }
    }

    /// Inflates a message that arrived with RSV1.
    ///
    /// # Errors
    /// [`ProtocolError::Inflate`] and [`ProtocolError::TooLarge`]. The session cannot inflate after
    /// an error.
    pub fn inflate<T>(
        &mut self,
        payload: &[u8],
        use_message: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, ProtocolError> {
        let progress = self.inflater.start(payload)?;
        Ok(self.inflated(progress, use_message))
    }

    /// Continues to inflate an incomplete message.
    ///
    /// # Errors
    /// As [`inflate`](Self::inflate).
    pub fn inflate_more<T>(
        &mut self,
        use_message: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, ProtocolError> {
        let progress = self.inflater.next_slice()?;
        Ok(self.inflated(progress, use_message))
    }

    /// Compresses a message. The caller sends it with RSV1.
    ///
    /// # Errors
    /// [`ProtocolError::NoMemory`]. The session cannot compress after an error.
    pub fn deflate<T>(
        &mut self,
        payload: &[u8],
        use_message: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, ProtocolError> {
        if Deflater::is_large(payload.len()) {
            self.deflater.start(memory::copy_of(payload)?);
            return Ok(None);
        }
        Ok(Some(self.deflater.message(payload, use_message)))
    }

    /// Continues to compress an incomplete message.
    ///
    /// # Errors
    /// As [`deflate`](Self::deflate).
    pub fn deflate_more<T>(
        &mut self,
        use_message: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, ProtocolError> {
        let message = self.deflater.next_slice()?;
        Ok(message.map(|message| use_message(&message)))
    }

    fn inflated<T>(
        &mut self,
        progress: Progress,
        use_message: impl FnOnce(&[u8]) -> T,
    ) -> Option<T> {
        if progress == Progress::Unfinished {
            return None;
        }
        let result = use_message(self.inflater.output());
        self.inflater.release_output();
        Some(result)
    }
}
