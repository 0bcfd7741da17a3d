//! Opening handshakes that are made in part, or as a whole, outside of a `Connection`.

use engine::handshake;
use napi::bindgen_prelude::{FromNapiValue as _, JsObjectValue as _, Object, Unknown};
use napi::{Result, ValueType};
use napi_derive::napi;
use proto::http::request::Request;

use crate::convert::options::ConnectionOptions;

/// Why a server must refuse a request.
#[napi(object, object_from_js = false)]
pub struct HandshakeRefusal {
    /// A stable name.
    pub code: &'static str,
    /// What people read, in the words of the interface.
    pub message: String,
    /// The status code of HTTP.
    pub status: u16,
}

/// Why `Connection.start` would refuse this request; null for a good one. The arguments are those of
/// `Connection.server`.
#[napi(catch_unwind)]
pub fn judge_handshake(
    method: String,
    needs_host: bool,
    headers: Object,
    options: ConnectionOptions,
) -> Result<Option<HandshakeRefusal>> {
    let request = request(&method, "", needs_host, &headers)?;
    let refusal = handshake::judge(&request, options.into());
    Ok(refusal.map(|refusal| HandshakeRefusal {
        code: refusal.code,
        message: refusal.words,
        status: refusal.status,
    }))
}

/// A fresh `Sec-WebSocket-Key`: the base64 form of 16 unpredictable bytes.
#[napi(catch_unwind)]
pub fn handshake_key() -> String {
    handshake::key()
}

/// The `Sec-WebSocket-Accept` that proves that a server has read this key.
#[napi(catch_unwind)]
pub fn accept_value(key: String) -> String {
    handshake::accept_value(&key)
}

/// What the handshake needs of an `http.IncomingMessage`.
pub(crate) fn request(
    method: &str,
    location: &str,
    needs_host: bool,
    headers: &Object,
) -> Result<Request> {
    handshake::request(method, location, needs_host, |name| header(headers, name))
}

/// A header of a parsed request: a string, or an array of strings, which one list can hold as well.
fn header(headers: &Object, name: &str) -> Result<Option<String>> {
    let value: Unknown = headers.get_named_property_unchecked(name)?;
    match value.get_type()? {
        ValueType::String => String::from_unknown(value).map(Some),
        ValueType::Object => Ok(Some(Vec::<String>::from_unknown(value)?.join(", "))),
        _ => Ok(None),
    }
}
