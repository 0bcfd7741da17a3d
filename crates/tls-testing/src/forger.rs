//! A peer that encrypts any records with valid keys, and decrypts those of the session. Does not follow changes of keys.

use ring::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use rustls::{ConnectionTrafficSecrets, ExtractedSecrets};
use tls::Version;

pub struct Forger {
    pub version: Version,
    writing: Keys,
    reading: Keys,
}

struct Keys {
    key: LessSafeKey,
    iv: [u8; 12],
    sequence: u64,
}

/// A record of TLS 1.3 has this type on the wire.
const PLAINTEXT: u8 = 23;
const HEAD: usize = 5;

impl Forger {
    pub(crate) fn new(version: Version, secrets: ExtractedSecrets) -> Self {
        Self {
            version,
            writing: Keys::new(secrets.tx),
            reading: Keys::new(secrets.rx),
        }
    }

    /// Encrypts a record of any type, with that many zeros after its content in TLS 1.3. In TLS 1.2, `explicit`
    /// is the part of the nonce in the record, if the cipher has one.
    pub fn seal(&mut self, kind: u8, content: &[u8], padding: usize, explicit: u64) -> Vec<u8> {
        let keys = &mut self.writing;
        let mut text = content.to_vec();
        let mut nonce = keys.nonce();
        let mut prefix = Vec::new();
        let outer = match self.version {
            Version::Tls13 => {
                text.push(kind);
                text.resize(text.len() + padding, 0);
                PLAINTEXT
            }
            Version::Tls12 => {
                if !keys.is_chacha() {
                    prefix = explicit.to_be_bytes().to_vec();
                    nonce[4..].copy_from_slice(&prefix);
                }
                kind
            }
        };
        let length = u16::try_from(prefix.len() + text.len() + 16).unwrap_or(u16::MAX);
        let mut record = vec![outer, 3, 3];
        record.extend(length.to_be_bytes());
        let facts = keys.facts(self.version, &record, text.len());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = keys
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(facts), &mut text);
        keys.sequence += 1;
        record.extend(prefix);
        record.extend(text);
        record.extend(tag.unwrap().as_ref());
        record
    }

    /// Decrypts records. Returns their types and contents.
    pub fn open(&mut self, mut wire: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut records = Vec::new();
        while let Some((head, rest)) = wire.split_first_chunk::<HEAD>() {
            let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
            let (body, rest) = rest.split_at(length);
            wire = rest;
            let keys = &mut self.reading;
            let mut nonce = keys.nonce();
            let mut body = body.to_vec();
            if self.version == Version::Tls12 && !keys.is_chacha() {
                nonce[4..].copy_from_slice(&body[..8]);
                body.drain(..8);
            }
            let facts = keys.facts(self.version, head, body.len() - 16);
            let nonce = Nonce::assume_unique_for_key(nonce);
            let text = keys.key.open_in_place(nonce, Aad::from(facts), &mut body);
            keys.sequence += 1;
            let mut text = text.unwrap().to_vec();
            let kind = match self.version {
                Version::Tls13 => text.pop().unwrap(),
                Version::Tls12 => head[0],
            };
            records.push((kind, text));
        }
        records
    }
}

impl Keys {
    fn new((sequence, secrets): (u64, ConnectionTrafficSecrets)) -> Self {
        let (algorithm, key, iv) = match &secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&AES_128_GCM, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&AES_256_GCM, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (&CHACHA20_POLY1305, key, iv),
            _ => panic!("an unknown cipher"),
        };
        Self {
            key: LessSafeKey::new(UnboundKey::new(algorithm, key.as_ref()).unwrap()),
            iv: iv.as_ref().try_into().unwrap(),
            sequence,
        }
    }

    fn is_chacha(&self) -> bool {
        *self.key.algorithm() == CHACHA20_POLY1305
    }

    fn nonce(&self) -> [u8; 12] {
        let number = u128::from(self.sequence).to_be_bytes();
        std::array::from_fn(|index| self.iv[index] ^ number[index + 4])
    }

    /// Returns the data that a record authenticates besides its content.
    fn facts(&self, version: Version, head: &[u8], length: usize) -> Vec<u8> {
        match version {
            Version::Tls13 => head.to_vec(),
            Version::Tls12 => {
                let mut facts = self.sequence.to_be_bytes().to_vec();
                facts.extend(&head[..3]);
                facts.extend(u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
                facts
            }
        }
    }
}
