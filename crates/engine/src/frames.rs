//! Single frames: pings, pongs, and frames of any opcode that are sent unchanged.

use proto::connection::Connection;
use proto::error::InvalidArgument;
use proto::frame::mask::MaskingKey;
use proto::frame::{FrameStart, KeySource, Opcode, Rsv};

use crate::calls::sent;
use crate::mistake::{Class, Mistake};
use crate::numbers::WAITS_FOR_WORK;
use crate::randomness::masking_key;
use crate::registry::Registered;

/// The masking of a frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mask<'a> {
    /// As the policy decides.
    Policy,
    /// Not masked.
    None,
    /// Masked with a new key.
    Fresh,
    /// Masked with these four bytes.
    Key(&'a [u8]),
}

impl Registered {
    /// Sends a ping. Returns false if the connection is closing or closed.
    ///
    /// # Errors
    /// A RangeError above 125 bytes.
    pub fn ping(&self, payload: &[u8]) -> Result<bool, Mistake> {
        self.control(|connection| connection.ping(payload))
    }

    /// Sends a pong. Returns false if the connection is closing or closed.
    ///
    /// # Errors
    /// A RangeError above 125 bytes.
    pub fn pong(&self, payload: &[u8]) -> Result<bool, Mistake> {
        self.control(|connection| connection.pong(payload))
    }

    /// Sends one frame unchanged and uncompressed. `rsv` is the reserved bits as a number below 8, and `opcode` is
    /// below 16. The caller ensures that a sequence of frames is valid. Returns a number as [`send`](Self::send) does.
    ///
    /// # Errors
    /// A RangeError for other numbers, and for a control frame above 125 bytes; an Error for a key of another length.
    pub fn send_frame(
        &self,
        fin: bool,
        rsv: f64,
        opcode: f64,
        payload: &[u8],
        mask: Mask<'_>,
    ) -> Result<f64, Mistake> {
        let rsv = below("rsv", rsv, 8)?;
        let opcode = below("opcode", opcode, 16)?;
        let key = match mask {
            Mask::Policy => KeySource::Policy,
            Mask::None => KeySource::Unmasked,
            Mask::Fresh => KeySource::Given(masking_key()),
            Mask::Key(bytes) => KeySource::Given(key_of(bytes)?),
        };
        let start = FrameStart {
            fin,
            rsv: Rsv::from_first_byte(rsv << 4),
            opcode: Opcode::of(opcode),
        };
        let send = |connection: &mut Connection| {
            let accepted = connection.send_frame(start, key, payload)?;
            Ok(sent(connection, accepted))
        };
        let sent: Result<f64, InvalidArgument> = self
            .attempt(send)
            .unwrap_or_else(|| Ok(f64::from(WAITS_FOR_WORK)));
        Ok(sent?)
    }

    /// Sends a control frame. Returns false also after a panic, which ends the connection.
    fn control(
        &self,
        send: impl FnOnce(&mut Connection) -> Result<bool, InvalidArgument>,
    ) -> Result<bool, Mistake> {
        Ok(self.attempt(send).unwrap_or(Ok(false))?)
    }
}

/// Converts a whole number below a limit.
fn below(name: &str, value: f64, limit: u8) -> Result<u8, Mistake> {
    // The cast saturates, and discards the fraction.
    let number = value as u8;
    if f64::from(number) == value && number < limit {
        return Ok(number);
    }
    let expected = format!("0 to {}", limit - 1);
    Err(Mistake::out_of_range(name, value, &expected))
}

fn key_of(bytes: &[u8]) -> Result<MaskingKey, Mistake> {
    MaskingKey::try_from(bytes).map_err(|_| Mistake {
        class: Class::Error,
        code: Some("InvalidArg"),
        message: format!("Invalid masking key: {} bytes; expected 4", bytes.len()),
    })
}
