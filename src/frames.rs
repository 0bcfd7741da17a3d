//! What `Connection` does for single frames: pings, pongs, and frames of any opcode that are sent as they are.

use napi::{Either, Env, Error, Result, Status};
use napi_derive::napi;
use proto::connection::Connection as Core;
use proto::error::InvalidArgument;
use proto::frame::mask::MaskingKey;
use proto::frame::{FrameStart, KeySource, Opcode, Rsv};

use crate::connection::{Connection, sent};
use crate::convert::error::{out_of_range, throw};
use crate::convert::options::random;
use crate::convert::value::Bytes;
use crate::seam::Sent;

#[napi]
impl Connection {
    /// Sends a ping; false when closing or closed. Throws a RangeError above 125 bytes.
    #[napi(catch_unwind)]
    pub fn ping(
        &mut self,
        env: &Env,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<bool> {
        self.control(env, |connection| connection.ping(&payload))
    }

    /// Sends a pong; false when closing or closed. Throws a RangeError above 125 bytes.
    #[napi(catch_unwind)]
    pub fn pong(
        &mut self,
        env: &Env,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<bool> {
        self.control(env, |connection| connection.pong(&payload))
    }

    /// Sends one frame as it is, uncompressed: FIN, the reserved bits as a number below 8, and an opcode below 16. What
    /// the peer makes of a row of them is the caller's business. `mask` is a masking key of four bytes, or whether there
    /// is one; without it the policy decides. Returns what `calls().text` returns. Throws a RangeError for other numbers, and
    /// for a control frame above 125 bytes.
    #[napi(catch_unwind)]
    pub fn send_frame(
        &mut self,
        env: &Env,
        fin: bool,
        rsv: f64,
        opcode: f64,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
        #[napi(ts_arg_type = "boolean | Uint8Array")] mask: Option<Either<bool, Bytes<'_>>>,
    ) -> Result<f64> {
        let rsv = below(env, "rsv", rsv, 8)?;
        let opcode = below(env, "opcode", opcode, 16)?;
        let key = match &mask {
            None => KeySource::Policy,
            Some(Either::A(false)) => KeySource::Unmasked,
            Some(Either::A(true)) => KeySource::Given(random_key()),
            Some(Either::B(bytes)) => KeySource::Given(key_of(bytes)?),
        };
        let start = FrameStart {
            fin,
            rsv: Rsv::from_first_byte(rsv << 4),
            opcode: Opcode::of(opcode),
        };
        let send = |connection: &mut Core| {
            let accepted = connection.send_frame(start, key, &payload)?;
            Ok(sent(connection, accepted))
        };
        let waits = Ok(f64::from(Sent::WaitsForWork as i32));
        let sent = self.registered().attempt(send).unwrap_or(waits);
        sent.map_err(|mistake| throw(env, &mistake))
    }
}

impl Connection {
    /// Sends a control frame. False also when the connection has ended by a panic.
    fn control(
        &self,
        env: &Env,
        send: impl FnOnce(&mut Core) -> std::result::Result<bool, InvalidArgument>,
    ) -> Result<bool> {
        let sent = self.registered().attempt(send).unwrap_or(Ok(false));
        sent.map_err(|mistake| throw(env, &mistake))
    }
}

/// A whole number below a limit.
fn below(env: &Env, name: &str, value: f64, limit: u8) -> Result<u8> {
    // The cast saturates, and cuts off what is behind the point.
    let number = value as u8;
    if f64::from(number) == value && number < limit {
        return Ok(number);
    }
    Err(out_of_range(
        env,
        name,
        value,
        &format!("0 to {}", limit - 1),
    ))
}

fn random_key() -> MaskingKey {
    let mut key = MaskingKey::default();
    random(&mut key);
    key
}

fn key_of(bytes: &[u8]) -> Result<MaskingKey> {
    let mistake = |_| Error::new(Status::InvalidArg, "A masking key has four bytes");
    MaskingKey::try_from(bytes).map_err(mistake)
}
