//! Methods of `Connection` for single frames: pings, pongs, and frames of any opcode that are sent unchanged.

use engine::frames::Mask;
use napi::{Either, Env, Result};
use napi_derive::napi;

use crate::connection::Connection;
use crate::convert::error::throw;
use crate::convert::value::Bytes;

#[napi]
impl Connection {
    /// Sends a ping. Returns false if the connection is closing or closed. Throws a RangeError above 125 bytes.
    #[napi(catch_unwind)]
    pub fn ping(
        &mut self,
        env: &Env,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<bool> {
        self.engine
            .ping(&payload)
            .map_err(|mistake| throw(env, mistake))
    }

    /// Sends a pong. Returns false if the connection is closing or closed. Throws a RangeError above 125 bytes.
    #[napi(catch_unwind)]
    pub fn pong(
        &mut self,
        env: &Env,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<bool> {
        self.engine
            .pong(&payload)
            .map_err(|mistake| throw(env, mistake))
    }

    /// Sends one frame unchanged and uncompressed. `rsv` is the reserved bits as a number below 8, and `opcode` is
    /// below 16. The caller ensures that a sequence of frames is valid. `mask` is a masking key of four bytes, or
    /// whether the frame is masked; by default the policy decides. Returns a number as `calls().text` does. Throws a
    /// RangeError for other numbers, and for a control frame above 125 bytes.
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
        let mask = match &mask {
            None => Mask::Policy,
            Some(Either::A(false)) => Mask::None,
            Some(Either::A(true)) => Mask::Fresh,
            Some(Either::B(key)) => Mask::Key(key),
        };
        self.engine
            .send_frame(fin, rsv, opcode, &payload, mask)
            .map_err(|mistake| throw(env, mistake))
    }
}
