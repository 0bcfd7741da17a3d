//! Tickets by which clients resume sessions. Servers with the same keys resume each other's sessions.
//!
//! A ticket contains the first 16 bytes of the keys as their name, a nonce, and the encrypted session with its time.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls::server::ProducesTickets;

/// The keys and the lifetime of tickets.
pub struct Tickets {
    name: [u8; NAME],
    key: LessSafeKey,
    lifetime: u32,
}

impl Tickets {
    /// Derives the key from keys as in Node, a context that every server with the same keys must share, and a lifetime
    /// in seconds. Returns `None` if the keys have the wrong length.
    #[must_use]
    pub fn new(keys: &[u8], context: &[u8], lifetime: u32) -> Option<Self> {
        if keys.len() != KEYS {
            return None;
        }
        let name = keys.first_chunk::<NAME>()?;
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, keys), context);
        let key = UnboundKey::new(&AES_256_GCM, derived.as_ref()).ok()?;
        Some(Self {
            name: *name,
            key: LessSafeKey::new(key),
            lifetime,
        })
    }
}

impl fmt::Debug for Tickets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Tickets")
    }
}

impl ProducesTickets for Tickets {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        self.lifetime
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut ticket = Vec::with_capacity(HEAD + TIME + plain.len() + AES_256_GCM.tag_len());
        ticket.extend_from_slice(&self.name);
        ticket.extend_from_slice(&nonce);
        ticket.extend_from_slice(&now()?.to_be_bytes());
        ticket.extend_from_slice(plain);
        let sealed = ticket.get_mut(HEAD..)?;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(self.name), sealed)
            .ok()?;
        ticket.extend_from_slice(tag.as_ref());
        Some(ticket)
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        let (name, rest) = ticket.split_first_chunk::<NAME>()?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LEN>()?;
        if *name != self.name {
            return None;
        }
        let mut sealed = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plain = self
            .key
            .open_in_place(nonce, Aad::from(self.name), &mut sealed);
        let (time, plain) = plain.ok()?.split_first_chunk::<TIME>()?;
        let age = now()?.checked_sub(u64::from_be_bytes(*time))?;
        (age <= u64::from(self.lifetime)).then(|| plain.to_vec())
    }
}

fn now() -> Option<u64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.ok().map(|since| since.as_secs())
}

/// Node's keys: a name, a key for HMAC and a key for AES.
const KEYS: usize = 48;
const NAME: usize = 16;
const TIME: usize = 8;
const HEAD: usize = NAME + NONCE_LEN;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_with_the_same_keys_and_context_decrypt_tickets() {
        let tickets =
            |key: u8, context: &[u8], lifetime| Tickets::new(&[key; 48], context, lifetime);
        let ticket = tickets(1, b"a", 300).and_then(|tickets| tickets.encrypt(b"session"));
        let ticket = ticket.unwrap_or_default();
        for (key, context, expected) in [
            (1, &b"a"[..], Some(b"session".to_vec())),
            (2, b"a", None),
            (1, b"b", None),
        ] {
            let found = tickets(key, context, 300).and_then(|tickets| tickets.decrypt(&ticket));
            assert_eq!(found, expected, "{key} {context:?}");
        }
    }

    #[test]
    fn changed_tickets_and_short_ones_are_refused() {
        let tickets = Tickets::new(&[7; 48], b"", 300);
        let Some(tickets) = tickets else {
            panic!("keys are valid")
        };
        let ticket = tickets.encrypt(b"session").unwrap_or_default();
        for place in 0..ticket.len() {
            let mut changed = ticket.clone();
            changed[place] ^= 1;
            assert_eq!(tickets.decrypt(&changed), None, "{place}");
            assert_eq!(tickets.decrypt(&ticket[..place]), None, "{place}");
        }
        assert!(Tickets::new(&[7; 47], b"", 300).is_none());
    }
}
