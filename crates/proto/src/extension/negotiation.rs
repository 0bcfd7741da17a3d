//! The negotiation of extensions: offers, responses, and the owners of reserved bits.
//!
//! Does not know the meaning of parameters. `deflate/agreement.rs` judges the parameters of
//! permessage-deflate.

use super::deflate;
use super::deflate::agreement::{Agreed, NAME as DEFLATE};
use super::deflate::options::Options as DeflateOptions;
use super::header::{Element, print};
use crate::error::InvalidArgument;
use crate::frame::Rsv;

/// A negotiation: on a server from offers to a response, on a client from a response to activated
/// sessions.
#[derive(Debug, Default)]
pub struct Negotiation {
    received: Vec<Element>,
    offered: Vec<String>,
    printed: Vec<String>,
    owners: Vec<(String, Rsv)>,
    deflate: Option<Agreed>,
}

/// The result of a negotiation: the owner of the transformation.
#[derive(Debug)]
pub(crate) enum Negotiated {
    /// No extension transforms messages.
    Nothing,
    /// The core transforms messages with permessage-deflate.
    Deflate(Agreed),
    /// Sessions outside the core transform messages and own these reserved bits.
    Sessions(Rsv),
}

/// The error of two extensions that claim the same reserved bit.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "Server sent two extension responses that use the RSV{bit} bit: \"{owner}\" and \"{name}\""
)]
pub struct Conflict {
    bit: u8,
    owner: String,
    name: String,
}

impl Negotiation {
    /// Stores the elements received from the peer.
    pub(crate) fn receive(&mut self, received: Vec<Element>) {
        self.received = received;
    }

    /// Adds an offer or a response.
    ///
    /// # Errors
    /// [`InvalidArgument::Header`] for CR, LF or NUL, which would end the header line.
    pub fn add(
        &mut self,
        name: &str,
        parameters: &[(String, Option<String>)],
    ) -> Result<(), InvalidArgument> {
        let printed = print(name, parameters);
        if printed.contains(['\r', '\n', '\0']) {
            let name = "Sec-WebSocket-Extensions".to_owned();
            return Err(InvalidArgument::Header { name });
        }
        self.offered.push(name.to_owned());
        self.printed.push(printed);
        Ok(())
    }

    /// Makes an extension the owner of its reserved bits.
    ///
    /// # Errors
    /// [`Conflict`] with the first other owner of one of the bits.
    pub fn reserve(&mut self, name: &str, rsv: Rsv) -> Result<(), Conflict> {
        match self.conflict(name, rsv) {
            Some(conflict) => Err(conflict),
            None => {
                self.owners.push((name.to_owned(), rsv));
                Ok(())
            }
        }
    }

    /// Adds a client's offer of permessage-deflate.
    pub fn offer_deflate(&mut self, options: &DeflateOptions) {
        let offer = options.offer();
        self.offered.push(DEFLATE.to_owned());
        self.printed.push(print(DEFLATE, &offer));
    }

    /// Adds a server's response to the client's offers of permessage-deflate. Returns false if no
    /// offer is acceptable, or another extension owns the bit.
    pub fn answer_deflate(&mut self, options: &DeflateOptions) -> bool {
        let offers = self.received.iter();
        let offers = offers
            .filter(|offer| offer.name == DEFLATE)
            .map(|offer| offer.parameters.as_slice());
        let Some((response, agreed)) = options.answer(offers) else {
            return false;
        };
        if self.reserve(DEFLATE, deflate::RSV).is_err() {
            return false;
        }
        self.printed.push(print(DEFLATE, &response));
        self.deflate = Some(agreed);
        true
    }

    /// Activates permessage-deflate on a client with the server's response. Returns false if the
    /// response is not acceptable.
    pub fn activate_deflate(&mut self, options: &DeflateOptions) -> bool {
        let response = self.received.iter().find(|element| element.name == DEFLATE);
        self.deflate = response.and_then(|response| options.activate(&response.parameters));
        self.deflate.is_some()
    }

    /// Takes the agreement on permessage-deflate, for a session outside the core. The core then
    /// transforms no messages, because other extensions transform them too.
    pub fn take_deflate(&mut self) -> Option<Agreed> {
        self.deflate.take()
    }

    /// Returns the conflict with another owner of one of these bits, if any.
    #[must_use]
    pub fn conflict(&self, name: &str, rsv: Rsv) -> Option<Conflict> {
        for (bit, wanted) in (1..).zip(rsv.each()) {
            let owns = |(_, owned): &&(String, Rsv)| wanted.within(*owned);
            if wanted != Rsv::default()
                && let Some((owner, _)) = self.owners.iter().find(owns)
            {
                return Some(Conflict {
                    bit,
                    owner: owner.clone(),
                    name: name.to_owned(),
                });
            }
        }
        None
    }

    /// Returns the elements received from the peer, in order.
    #[must_use]
    pub fn received(&self) -> &[Element] {
        &self.received
    }

    /// Returns the name of a response without an offer, if any.
    pub(crate) fn unknown(&self) -> Option<&str> {
        let names = self.received.iter().map(|element| element.name.as_str());
        names
            .into_iter()
            .find(|name| !self.offered.iter().any(|offered| offered == name))
    }

    /// Returns the value of the header to send, and `None` if it would be empty.
    pub(crate) fn header(&self) -> Option<String> {
        (!self.printed.is_empty()).then(|| self.printed.join(", "))
    }

    /// Returns the result of the negotiation.
    pub(crate) fn negotiated(&self) -> Negotiated {
        if let Some(agreed) = self.deflate {
            return Negotiated::Deflate(agreed);
        }
        let bits = self.owners.iter().map(|(_, rsv)| *rsv);
        bits.reduce(Rsv::union)
            .map_or(Negotiated::Nothing, Negotiated::Sessions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_bit_has_one_owner() {
        let mut negotiation = Negotiation::default();
        assert!(matches!(negotiation.negotiated(), Negotiated::Nothing));
        negotiation
            .reserve("a", Rsv::new(true, false, false))
            .unwrap();
        negotiation
            .reserve("b", Rsv::new(false, false, false))
            .unwrap();
        let conflict = negotiation
            .reserve("c", Rsv::new(true, true, false))
            .unwrap_err();
        assert_eq!(
            conflict.to_string(),
            "Server sent two extension responses that use the RSV1 bit: \"a\" and \"c\""
        );
        negotiation
            .reserve("d", Rsv::new(false, true, false))
            .unwrap();
        assert!(matches!(
            negotiation.negotiated(),
            Negotiated::Sessions(bits) if bits == Rsv::new(true, true, false)
        ));
    }
    #[test]
    fn parameters_that_would_end_the_header_line_are_refused() {
        let mut negotiation = Negotiation::default();
        let parameter = |value: &str| [("a".to_owned(), Some(value.to_owned()))];
        for value in ["x\r\nSet-Cookie: y", "x\n", "x\0"] {
            let added = negotiation.add("x", &parameter(value));
            assert!(added.is_err(), "{value:?}");
        }
        assert!(negotiation.add("x\r\n", &[]).is_err());
        assert_eq!(negotiation.header(), None);
        negotiation.add("x", &parameter("y z")).unwrap();
        assert_eq!(negotiation.header().as_deref(), Some("x; a=\"y z\""));
    }
}
