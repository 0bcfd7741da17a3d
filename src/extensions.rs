//! What `Connection` does for extensions whose sessions are JavaScript objects.

use napi::bindgen_prelude::Either3;
use napi::{Either, Env, Result};
use napi_derive::napi;
use proto::close::CloseCode;
use proto::connection::Connection as Core;
use proto::error::HandshakeError;
use proto::extension::header::{number, print};
use proto::frame::Rsv;

use crate::connection::{Connection, Outcome, kind};
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
        self.connection().negotiation().is_some()
    }

    /// What the peer offers or answers, in its order.
    #[napi(catch_unwind)]
    pub fn received_extensions(&mut self) -> Vec<ExtensionElement> {
        let mut connection = self.connection();
        let Some(negotiation) = connection.negotiation() else {
            return Vec::new();
        };
        let elements = negotiation.received().iter();
        elements
            .map(|element| ExtensionElement {
                name: element.name.clone(),
                parameters: from_parameters(&element.parameters),
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
        let mut connection = self.connection();
        let Some(negotiation) = connection.negotiation() else {
            return Ok(());
        };
        negotiation
            .add(&name, &printable(parameters))
            .map_err(|mistake| throw(env, &mistake))
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
        let mut connection = self.connection();
        let negotiation = connection.negotiation()?;
        let reserved = negotiation.reserve(&name, Rsv::new(rsv1, rsv2, rsv3));
        reserved.err().map(|conflict| conflict.to_string())
    }

    /// Whether one of these bits has an owner.
    #[napi(catch_unwind)]
    pub fn is_reserved(&mut self, rsv1: bool, rsv2: bool, rsv3: bool) -> bool {
        let mut connection = self.connection();
        let negotiation = connection.negotiation();
        let rsv = Rsv::new(rsv1, rsv2, rsv3);
        negotiation.is_some_and(|negotiation| negotiation.conflict("", rsv).is_some())
    }

    /// The client's extensions are activated: the connection opens.
    #[napi(catch_unwind)]
    pub fn activated<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        self.command(env, Core::activated)
    }

    /// Fails the handshake because an extension did, in its words.
    #[napi(catch_unwind)]
    pub fn refuse<'env>(&mut self, env: &'env Env, message: String) -> Result<Outcome<'env>> {
        self.command(env, |connection| {
            connection.refuse(HandshakeError::Extension(message))
        })
    }

    /// What to say when an extension does not accept the server's parameters.
    #[napi(catch_unwind)]
    pub fn unacceptable(&self, name: String, parameters: Vec<ExtensionParameter>) -> String {
        let printed = print(&name, &printable(parameters));
        HandshakeError::UnacceptableExtension(printed).to_string()
    }

    /// Judges what sessions have made of a message of the peer: accepted when it may be delivered.
    #[napi(catch_unwind)]
    pub fn transformed<'env>(
        &mut self,
        env: &'env Env,
        is_text: bool,
        #[napi(ts_arg_type = "Uint8Array")] payload: Bytes<'_>,
    ) -> Result<Outcome<'env>> {
        self.command(env, |connection| {
            connection.transformed(kind(is_text), &payload)
        })
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
        let rsv = Rsv::new(rsv1, rsv2, rsv3);
        let send =
            |connection: &mut Core| connection.send_transformed(kind(is_text), rsv, &payload);
        self.registered().attempt(send).unwrap_or(false)
    }

    /// Fails the connection because a session did. `code` is a close code, or its name.
    #[napi(catch_unwind)]
    pub fn fail_extension<'env>(
        &mut self,
        env: &'env Env,
        code: Option<Either<u16, String>>,
        message: String,
    ) -> Result<Outcome<'env>> {
        let code = match code {
            Some(Either::A(code)) => Some(code),
            Some(Either::B(name)) => CloseCode::named(&name).map(CloseCode::get),
            None => None,
        };
        let code = code.unwrap_or(CloseCode::EXTENSION_ERROR.get());
        self.command(env, |connection| connection.fail_extension(code, &message))
    }

    /// The sessions have finished what they held.
    #[napi(catch_unwind)]
    pub fn drained<'env>(&mut self, env: &'env Env) -> Result<Outcome<'env>> {
        self.command(env, Core::drained)
    }
}

/// Parameters as JavaScript sees them.
pub(crate) fn from_parameters(parameters: &[(String, Option<String>)]) -> Vec<ExtensionParameter> {
    let value = |value: &Option<String>| match value {
        None => Either3::A(true),
        Some(text) => match number(text) {
            Some(number) => Either3::B(number),
            None => Either3::C(text.clone()),
        },
    };
    parameters
        .iter()
        .map(|(name, given)| ExtensionParameter {
            name: name.clone(),
            value: value(given),
        })
        .collect()
}

/// The way back.
pub(crate) fn printable(parameters: Vec<ExtensionParameter>) -> Vec<(String, Option<String>)> {
    let print = |value: Either3<bool, f64, String>| match value {
        Either3::A(true) => None,
        Either3::A(false) => Some("false".to_owned()),
        Either3::B(number) => Some(number.to_string()),
        Either3::C(text) => Some(text),
    };
    parameters
        .into_iter()
        .map(|ExtensionParameter { name, value }| (name, print(value)))
        .collect()
}
