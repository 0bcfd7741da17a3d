//! Extensions whose sessions are objects of the binding's language.
//!
//! Knows the types of parameters in that language. Does not know the effect of a session.

use proto::close::CloseCode;
use proto::connection::Connection;
use proto::error::HandshakeError;
use proto::extension::header::{Parameters, number, print};
use proto::frame::Rsv;
use proto::output::{Caused, Kind};

use crate::mistake::Mistake;
use crate::registry::Registered;

/// An extension in the peer's header.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its parameters, in the order of the header; a repeated name occurs repeatedly.
    pub parameters: Vec<Parameter>,
}

/// A parameter of an extension.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// True if the parameter has no value.
    Flag(bool),
    /// A value whose text is a number.
    Number(f64),
    /// Any other value.
    Text(String),
}

/// A close code by number or by name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum FailureCode {
    /// Its number.
    Number(u16),
    /// Its name.
    Name(String),
}

impl Registered {
    /// Returns whether extensions can be negotiated now: before the start, if a server's request is valid, and again
    /// when a client must activate its extensions.
    #[must_use]
    pub fn negotiates(&self) -> bool {
        self.connection().negotiation().is_some()
    }

    /// Returns the extensions that the peer offers or accepts, in its order.
    #[must_use]
    pub fn received_extensions(&self) -> Vec<Element> {
        let mut connection = self.connection();
        let Some(negotiation) = connection.negotiation() else {
            return Vec::new();
        };
        let elements = negotiation.received().iter();
        elements
            .map(|element| Element {
                name: element.name.clone(),
                parameters: from_parameters(&element.parameters),
            })
            .collect()
    }

    /// Adds a client's offer, or a server's response.
    ///
    /// # Errors
    /// A TypeError for a value that would end the header line.
    pub fn add_extension(&self, name: &str, parameters: Vec<Parameter>) -> Result<(), Mistake> {
        let mut connection = self.connection();
        match connection.negotiation() {
            Some(negotiation) => Ok(negotiation.add(name, &printable(parameters))?),
            None => Ok(()),
        }
    }

    /// Reserves bits among RSV1 to RSV3 for an extension. Returns an error text if another extension uses one of
    /// them.
    pub fn reserve_bits(&self, name: &str, rsv: [bool; 3]) -> Option<String> {
        let mut connection = self.connection();
        let reserved = connection.negotiation()?.reserve(name, bits(rsv));
        reserved.err().map(|conflict| conflict.to_string())
    }

    /// Returns whether an extension uses one of these bits.
    #[must_use]
    pub fn is_reserved(&self, rsv: [bool; 3]) -> bool {
        let mut connection = self.connection();
        let negotiation = connection.negotiation();
        negotiation.is_some_and(|negotiation| negotiation.conflict("", bits(rsv)).is_some())
    }

    /// Opens the connection, because the client's extensions are activated.
    pub fn activated(&self) -> Caused {
        self.command(Connection::activated)
    }

    /// Fails the handshake with the error text of an extension.
    pub fn refuse(&self, message: String) -> Caused {
        self.command(|connection| connection.refuse(HandshakeError::Extension(message)))
    }

    /// Checks a received message after the sessions have transformed it. If the result is accepted, the caller
    /// delivers the message.
    pub fn transformed(&self, kind: Kind, payload: &[u8]) -> Caused {
        self.command(|connection| connection.transformed(kind, payload))
    }

    /// Sends a message that the sessions have transformed.
    pub fn send_transformed(&self, kind: Kind, rsv: [bool; 3], payload: &[u8]) -> bool {
        let send =
            |connection: &mut Connection| connection.send_transformed(kind, bits(rsv), payload);
        self.attempt(send).unwrap_or(false)
    }

    /// Fails the connection because a session failed.
    pub fn fail_extension(&self, code: Option<FailureCode>, message: &str) -> Caused {
        let code = match code {
            Some(FailureCode::Number(code)) => Some(code),
            Some(FailureCode::Name(name)) => CloseCode::named(&name).map(CloseCode::get),
            None => None,
        };
        let code = code.unwrap_or(CloseCode::EXTENSION_ERROR.get());
        self.command(|connection| connection.fail_extension(code, message))
    }

    /// Continues closing, because the sessions have processed all their messages.
    pub fn sessions_closed(&self) -> Caused {
        self.command(Connection::sessions_closed)
    }
}

/// Returns the error text for an extension that rejects the server's parameters.
#[must_use]
pub fn unacceptable(name: &str, parameters: Vec<Parameter>) -> String {
    let printed = print(name, &printable(parameters));
    HandshakeError::UnacceptableExtension(printed).to_string()
}

/// Converts parameters for a program.
pub(crate) fn from_parameters(parameters: &Parameters) -> Vec<Parameter> {
    let value = |value: &Option<String>| match value {
        None => Value::Flag(true),
        Some(text) => match number(text) {
            Some(number) => Value::Number(number),
            None => Value::Text(text.clone()),
        },
    };
    parameters
        .iter()
        .map(|(name, given)| Parameter {
            name: name.clone(),
            value: value(given),
        })
        .collect()
}

/// Converts parameters from a program.
pub(crate) fn printable(parameters: Vec<Parameter>) -> Vec<(String, Option<String>)> {
    let print = |value| match value {
        Value::Flag(true) => None,
        Value::Flag(false) => Some("false".to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
    };
    parameters
        .into_iter()
        .map(|Parameter { name, value }| (name, print(value)))
        .collect()
}

fn bits([rsv1, rsv2, rsv3]: [bool; 3]) -> Rsv {
    Rsv::new(rsv1, rsv2, rsv3)
}
