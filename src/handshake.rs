//! Opening handshakes that are made outside of a `Connection`, in part or as a whole.

use engine::handshake;
use napi::bindgen_prelude::{FromNapiValue as _, JsObjectValue as _, Object, Unknown};
use napi::{Result, ValueType, sys};
use napi_derive::napi;
use proto::http::request::Request;

use crate::convert::options::ConnectionOptions;

/// The reason why a server must refuse a request.
#[napi(object, object_from_js = false)]
pub struct HandshakeRefusal {
    /// A stable name.
    pub code: &'static str,
    /// A text for people, in the words of the interface.
    pub message: String,
    /// The status code of HTTP.
    pub status: u16,
}

/// Returns the reason for which `Connection.start` would refuse this request; null if it would accept the request.
/// The arguments are those of `Connection.server`.
#[napi(catch_unwind)]
pub fn judge_handshake(
    method: String,
    needs_host: bool,
    headers: Object,
    options: ConnectionOptions,
) -> Result<Option<HandshakeRefusal>> {
    let request = request(&method, "", needs_host, &headers)?;
    let options = engine::options::ConnectionOptions::from(options);
    let refusal = handshake::judge(&request, &options.server());
    Ok(refusal.map(|refusal| HandshakeRefusal {
        code: refusal.code,
        message: refusal.message,
        status: refusal.status,
    }))
}

/// Returns a new `Sec-WebSocket-Key`: 16 unpredictable bytes in base64.
#[napi(catch_unwind)]
pub fn handshake_key() -> String {
    handshake::key()
}

/// Returns the `Sec-WebSocket-Accept` which proves that a server has read this key.
#[napi(catch_unwind)]
pub fn accept_value(key: String) -> String {
    handshake::accept_value(&key)
}

/// Reads the headers of the handshake from an `http.IncomingMessage`.
pub(crate) fn request(
    method: &str,
    location: &str,
    needs_host: bool,
    headers: &Object,
) -> Result<Request> {
    handshake::request(method, location, needs_host, |name| header(headers, name))
}

/// Reads one header of a parsed request. Node stores it as a string, or as an array, which is joined to one list.
fn header(headers: &Object, name: &str) -> Result<Option<String>> {
    let value: Unknown = headers.get_named_property_unchecked(name)?;
    match value.get_type()? {
        ValueType::String => String::from_unknown(value).map(Some),
        ValueType::Object => Ok(Some(joined(value)?)),
        _ => Ok(None),
    }
}

/// Joins the values of a header that Node stores as an array. Returns None for any other value.
pub(crate) fn list(env: sys::napi_env, value: sys::napi_value) -> Result<Option<String>> {
    // SAFETY: the environment and the value are those of the running call.
    let value = unsafe { Unknown::from_napi_value(env, value) }?;
    match value.get_type()? {
        ValueType::Object => joined(value).map(Some),
        _ => Ok(None),
    }
}

fn joined(values: Unknown) -> Result<String> {
    Ok(Vec::<String>::from_unknown(values)?.join(", "))
}
