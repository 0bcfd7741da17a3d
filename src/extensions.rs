//! Methods of `Connection` for extensions whose sessions are JavaScript objects.

use engine::calls::kind;
use engine::extensions::{self, FailureCode, Parameter, Value};
use napi::bindgen_prelude::Either3;
use napi::{Either, Env, Result};
use napi_derive::napi;

use crate::connection::{Connection, Outcome};
use crate::convert::error::throw;
use crate::convert::value::Bytes;

/// An extension in the peer's header.
#[napi(object, object_from_js = false)]
pub struct ExtensionElement {
    /// Its name.
    pub name: String,
    /// Its parameters, in the order of the header; a repeated name occurs repeatedly. A value is true if the
    /// parameter has none, and a number if its text is a number.
    #[napi(ts_type = "Array<{ name: string, value: true | number | string }>")]
    pub parameters: Vec<ExtensionParameter>,
}

/// A parameter of an extension.
#[napi(object)]
pub struct ExtensionParameter {
    /// Its name.
    pub name: String,
    /// Its value; true if it has none.
    #[napi(ts_type = "boolean | number | string")]
    pub value: Either3<bool, f64, String>,
}

#[napi]
impl Connection {
    /// Returns whether extensions can be negotiated now: before the start, if a server's request is valid, and again
    /// on a client after `activate`.
    #[napi(catch_unwind)]
    pub fn negotiates(&mut self) -> bool {
        self.engine.negotiates()
    }

    /// Returns the extensions that the peer offers or accepts, in its order.
    #[napi(catch_unwind)]
    pub fn received_extensions(&mut self) -> Vec<ExtensionElement> {
        let elements = self.engine.received_extensions().into_iter();
        elements
            .map(|element| ExtensionElement {
                name: element.name,
                parameters: from_parameters(element.parameters),
            })
            .collect()
    }

    /// Adds a client's offer, or a server's response.
    #[napi(catch_unwind)]
    pub fn add_extension(
        &mut self,
        env: &Env,
        name: String,
        parameters: Vec<ExtensionParameter>,
    ) -> Result<()> {
        self.engine
            .add_extension(&name, to_parameters(parameters))
            .map_err(|mistake| throw(env, mistake))
    }

    /// Reserves bits among RSV1 to RSV3 for an extension. Returns an error text if another extension uses one of
    /// them.
    #[napi(catch_unwind)]
    pub fn reserve_bits(
        &mut self,
        name: String,
        rsv1: bool,
        rsv2: bool,
        rsv3: bool,
    ) -> Option<String> {
        self.engine.reserve_bits(&name, [rsv1, rsv2, rsv3])
    }

    /// Returns whether an extension uses one of these bits.
    #[napi(catch_unwind)]
    pub fn is_reserved(&mut self, rsv1: bool, rsv2: bool, rsv3: bool) -> bool {
        self.engine.is_reserved([rsv1, rsv2, rsv3])
    }

    /// Opens the connection, because the client's extensions are activated.
    #[napi(catch_unwind)]
    pub fn activated<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.activated())
    }

    /// Fails the handshake with the error text of an extension.
    #[napi(catch_unwind)]
    pub fn refuse<'env>(&mut self, env: &'env Env, message: String) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.refuse(message))
    }

    /// Returns the error text for an extension that rejects the server's parameters.
    #[napi(catch_unwind)]
    pub fn unacceptable(&self, name: String, parameters: Vec<ExtensionParameter>) -> String {
        extensions::unacceptable(&name, to_parameters(parameters))
    }

    /// Checks a received message after the sessions have transformed it. If the result is accepted, the caller
    /// delivers the message.
    #[napi(catch_unwind)]
    pub fn transformed<'env>(
        &mut self,
        env: &'env Env,
        is_text: bool,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.transformed(kind(is_text), &payload))
    }

    /// Sends a message that the sessions have transformed.
    #[napi(catch_unwind)]
    pub fn send_transformed(
        &mut self,
        is_text: bool,
        rsv1: bool,
        rsv2: bool,
        rsv3: bool,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> bool {
        self.engine
            .send_transformed(kind(is_text), [rsv1, rsv2, rsv3], &payload)
    }

    /// Fails the connection because a session failed. `code` is a close code, or its name.
    #[napi(catch_unwind)]
    pub fn fail_extension<'env>(
        &mut self,
        env: &'env Env,
        code: Option<Either<u16, String>>,
        message: String,
    ) -> Result<Outcome<'env>> {
        let code = code.map(|code| match code {
            Either::A(code) => FailureCode::Number(code),
            Either::B(name) => FailureCode::Name(name),
        });
        Outcome::new(env, self.engine.fail_extension(code, &message))
    }

    /// Continues closing, because the sessions have processed all their messages.
    #[napi(catch_unwind)]
    pub fn sessions_closed<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.sessions_closed())
    }
}

/// Converts parameters for JavaScript.
pub(crate) fn from_parameters(parameters: Vec<Parameter>) -> Vec<ExtensionParameter> {
    let from = |Parameter { name, value }| ExtensionParameter {
        name,
        value: match value {
            Value::Flag(flag) => Either3::A(flag),
            Value::Number(number) => Either3::B(number),
            Value::Text(text) => Either3::C(text),
        },
    };
    parameters.into_iter().map(from).collect()
}

/// Converts parameters from JavaScript.
pub(crate) fn to_parameters(parameters: Vec<ExtensionParameter>) -> Vec<Parameter> {
    let to = |ExtensionParameter { name, value }| Parameter {
        name,
        value: match value {
            Either3::A(flag) => Value::Flag(flag),
            Either3::B(number) => Value::Number(number),
            Either3::C(text) => Value::Text(text),
        },
    };
    parameters.into_iter().map(to).collect()
}
