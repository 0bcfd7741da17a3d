//! What `Connection` does for extensions whose sessions are JavaScript objects.

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
    /// Its parameters, in order, a name as often as it was sent: true for one without a value, a number
    /// for what is one.
    #[napi(ts_type = "Array<{ name: string, value: true | number | string }>")]
    pub parameters: Vec<ExtensionParameter>,
}

/// A parameter of an extension.
#[napi(object)]
pub struct ExtensionParameter {
    /// Its name.
    pub name: String,
    /// Its value; true for none.
    #[napi(ts_type = "boolean | number | string")]
    pub value: Either3<bool, f64, String>,
}

#[napi]
impl Connection {
    /// Whether it is time to negotiate: before a server or a client is started, if the request is a
    /// good one, and after `activate`.
    #[napi(catch_unwind)]
    pub fn negotiates(&mut self) -> bool {
        self.engine.negotiates()
    }

    /// What the peer offers or answers, in its order.
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

    /// Adds an offer of a client, or a response of a server.
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

    /// Gives an extension its reserved bits, RSV1 to RSV3. What is wrong if one has an owner already.
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

    /// Whether one of these bits has an owner.
    #[napi(catch_unwind)]
    pub fn is_reserved(&mut self, rsv1: bool, rsv2: bool, rsv3: bool) -> bool {
        self.engine.is_reserved([rsv1, rsv2, rsv3])
    }

    /// The client's extensions are activated: the connection opens.
    #[napi(catch_unwind)]
    pub fn activated<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.activated())
    }

    /// Fails the handshake because an extension did, in its words.
    #[napi(catch_unwind)]
    pub fn refuse<'env>(&mut self, env: &'env Env, message: String) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.refuse(message))
    }

    /// What to say when an extension does not accept the server's parameters.
    #[napi(catch_unwind)]
    pub fn unacceptable(&self, name: String, parameters: Vec<ExtensionParameter>) -> String {
        extensions::unacceptable(&name, to_parameters(parameters))
    }

    /// Judges what sessions have made of a message of the peer: accepted when it may be delivered.
    #[napi(catch_unwind)]
    pub fn transformed<'env>(
        &mut self,
        env: &'env Env,
        is_text: bool,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.transformed(kind(is_text), &payload))
    }

    /// Sends what sessions have made of a message of ours.
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

    /// Fails the connection because a session did. `code` is a close code, or its name.
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

    /// The sessions have finished what they held.
    #[napi(catch_unwind)]
    pub fn drained<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        Outcome::new(env, self.engine.sessions_closed())
    }
}

/// Parameters as JavaScript sees them.
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

/// The way back.
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
