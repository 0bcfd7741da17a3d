//! The properties of certificates that OpenSSL checks and webpki does not.
//!
//! Covers the structure of RFC 5280, section 4.1, and some extensions. Returns `None` for a part that it cannot
//! interpret.

/// The properties of a certificate.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Facts<'a> {
    /// Without the outermost tag, like `subject` and `public_key`.
    pub(crate) issuer: &'a [u8],
    pub(crate) subject: &'a [u8],
    pub(crate) public_key: &'a [u8],
    /// In seconds since 1970, like `not_after`.
    pub(crate) not_before: i64,
    pub(crate) not_after: i64,
    /// Whether the basic constraints mark an authority. `None` without basic constraints.
    pub(crate) is_authority: Option<bool>,
    /// The maximum number of authorities between this one and a server. `None` without a limit.
    pub(crate) path_length: Option<usize>,
    /// The first eight bits of the key usage, the first in the highest bit. `None` allows every
    /// use.
    pub(crate) key_usage: Option<u8>,
    /// Whether servers may use the certificate. `None` without the extended key usage.
    pub(crate) is_for_servers: Option<bool>,
    /// The same for clients.
    pub(crate) is_for_clients: Option<bool>,
    pub(crate) subject_key: Option<&'a [u8]>,
    pub(crate) authority_key: Option<AuthorityKey<'a>>,
    /// Whether the certificate contains a part that OpenSSL may check and this module does not
    /// interpret.
    pub(crate) is_strange: bool,
    /// Whether this is version 1 of X.509: without extensions.
    pub(crate) is_first_version: bool,
}

/// The reference of a certificate to the key that signed it.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum AuthorityKey<'a> {
    Identifier(&'a [u8]),
    /// By the issuer and the serial number of the key's certificate.
    Otherwise,
}

/// Bits of `key_usage`.
pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(crate) const KEY_ENCIPHERMENT: u8 = 0x20;
pub(crate) const KEY_AGREEMENT: u8 = 0x08;
pub(crate) const KEY_CERT_SIGN: u8 = 0x04;

impl<'a> Facts<'a> {
    pub(crate) fn of(certificate: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(certificate);
        let mut outer = Reader(outer.expect(SEQUENCE)?);
        let mut body = Reader(outer.expect(SEQUENCE)?);
        let mut facts = Self::default();
        let has_version = body.skip_if(VERSION).is_some();
        body.expect(INTEGER)?;
        body.expect(SEQUENCE)?;
        facts.issuer = body.expect(SEQUENCE)?;
        let mut validity = Reader(body.expect(SEQUENCE)?);
        facts.not_before = validity.time()?;
        facts.not_after = validity.time()?;
        facts.subject = body.expect(SEQUENCE)?;
        facts.public_key = body.expect(SEQUENCE)?;
        facts.is_first_version = !has_version && body.0.is_empty();
        body.skip_if(ISSUER_UNIQUE_ID);
        body.skip_if(SUBJECT_UNIQUE_ID);
        if body.0.is_empty() {
            return Some(facts);
        }
        let mut wrapper = Reader(body.expect(EXTENSIONS)?);
        let mut extensions = Reader(wrapper.expect(SEQUENCE)?);
        while !extensions.0.is_empty() {
            let mut extension = Reader(extensions.expect(SEQUENCE)?);
            let id = extension.expect(OBJECT_IDENTIFIER)?;
            let is_critical = extension.skip_if(BOOLEAN).is_some_and(|value| value != [0]);
            facts.is_strange |= !is_harmless(id, is_critical);
            facts.read_extension(id, Reader(extension.expect(OCTET_STRING)?))?;
        }
        Some(facts)
    }

    fn read_extension(&mut self, id: &[u8], mut value: Reader<'a>) -> Option<()> {
        match id {
            BASIC_CONSTRAINTS => {
                let mut constraints = Reader(value.expect(SEQUENCE)?);
                let says_so = constraints.0.first() == Some(&BOOLEAN);
                self.is_authority = Some(says_so && constraints.expect(BOOLEAN)? != [0]);
                match constraints.skip_if(INTEGER) {
                    Some(&[length @ 0..=0x7f]) => self.path_length = Some(usize::from(length)),
                    Some(_) => self.is_strange = true,
                    None => {}
                }
            }
            // The first byte is the number of unused bits at the end.
            KEY_USAGE => self.key_usage = Some(*value.expect(BIT_STRING)?.get(1).unwrap_or(&0)),
            EXTENDED_KEY_USAGE => {
                let mut usages = Reader(value.expect(SEQUENCE)?);
                let (mut is_for_servers, mut is_for_clients) = (false, false);
                while !usages.0.is_empty() {
                    let usage = usages.expect(OBJECT_IDENTIFIER)?;
                    is_for_servers |= usage == SERVER_AUTHENTICATION;
                    is_for_clients |= usage == CLIENT_AUTHENTICATION;
                }
                self.is_for_servers = Some(is_for_servers);
                self.is_for_clients = Some(is_for_clients);
            }
            SUBJECT_KEY_IDENTIFIER => self.subject_key = Some(value.expect(OCTET_STRING)?),
            AUTHORITY_KEY_IDENTIFIER => {
                let mut parts = Reader(value.expect(SEQUENCE)?);
                let identifier = parts.skip_if(AUTHORITY_KEY);
                self.authority_key = match identifier {
                    Some(identifier) if parts.0.is_empty() => {
                        Some(AuthorityKey::Identifier(identifier))
                    }
                    None if parts.0.is_empty() => None,
                    Some(_) | None => Some(AuthorityKey::Otherwise),
                };
            }
            _ => {}
        }
        Some(())
    }
}

/// The three parts of a certificate.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Signed<'a> {
    /// With its tag.
    pub(crate) message: &'a [u8],
    /// The identifier, without the outermost tag.
    pub(crate) algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl<'a> Signed<'a> {
    pub(crate) fn of(certificate: &'a [u8]) -> Option<Self> {
        let mut outer = Reader(certificate);
        let mut parts = Reader(outer.expect(SEQUENCE)?);
        let all = parts.0;
        parts.expect(SEQUENCE)?;
        let message = all.get(..all.len().checked_sub(parts.0.len())?)?;
        let algorithm = parts.expect(SEQUENCE)?;
        let (&unused_bits, signature) = parts.expect(BIT_STRING)?.split_first()?;
        let is_whole = unused_bits == 0 && parts.0.is_empty() && outer.0.is_empty();
        is_whole.then_some(Self {
            message,
            algorithm,
            signature,
        })
    }
}

/// Returns whether webpki or this module interprets the extension, or OpenSSL ignores it too.
fn is_harmless(id: &[u8], is_critical: bool) -> bool {
    UNDERSTOOD.contains(&id)
        || !is_critical && (INFORMATIVE.contains(&id) || id.starts_with(PRIVATE_ENTERPRISES))
}

/// A reader of DER values.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Returns the content of the next value, if it has this tag.
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content, rest) = self.split()?;
        self.0 = rest;
        (found == tag).then_some(content)
    }

    fn skip_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.0.first() == Some(&tag) {
            self.expect(tag)
        } else {
            None
        }
    }

    fn split(&self) -> Option<(u8, &'a [u8], &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x83 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                let length = digits
                    .iter()
                    .fold(0, |sum, &digit| sum << 8 | usize::from(digit));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        Some((tag, content, rest))
    }

    /// Reads a time, RFC 5280, section 4.1.2.5: in Greenwich Mean Time, with seconds.
    fn time(&mut self) -> Option<i64> {
        let tag = *self.0.first()?;
        let text = self.expect(tag)?;
        let (year, rest) = match tag {
            UTC_TIME => {
                let (year, rest) = number(text, 2)?;
                (if year < 50 { 2000 + year } else { 1900 + year }, rest)
            }
            GENERALIZED_TIME => number(text, 4)?,
            _ => return None,
        };
        let (month, rest) = number(rest, 2)?;
        let (day, rest) = number(rest, 2)?;
        let (hour, rest) = number(rest, 2)?;
        let (minute, rest) = number(rest, 2)?;
        let (second, rest) = number(rest, 2)?;
        let seconds = (hour * 60 + minute) * 60 + second;
        (rest == b"Z").then_some(days(year, month, day)? * 86400 + seconds)
    }
}

fn number(text: &[u8], digits: usize) -> Option<(i64, &[u8])> {
    let (digits, rest) = text.split_at_checked(digits)?;
    let number = std::str::from_utf8(digits).ok()?.parse::<u16>().ok()?;
    Some((i64::from(number), rest))
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // A year that begins in March ends with its leap day.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leaps = year / 4 - year / 100 + year / 400;
    let until_month = (153 * month + 2) / 5;
    Some(year * 365 + leaps + until_month + day - 1 - 719_468)
}

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const AUTHORITY_KEY: u8 = 0x80;
const VERSION: u8 = 0xa0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;

const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x0e];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
const SERVER_AUTHENTICATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01];
const CLIENT_AUTHENTICATION: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02];

/// Without name constraints: webpki and OpenSSL apply them to different names.
const UNDERSTOOD: [&[u8]; 6] = [
    SUBJECT_KEY_IDENTIFIER,
    KEY_USAGE,
    SUBJECT_ALTERNATIVE_NAME,
    BASIC_CONSTRAINTS,
    AUTHORITY_KEY_IDENTIFIER,
    EXTENDED_KEY_USAGE,
];
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

/// Extensions that do not affect Node's verification.
const INFORMATIVE: [&[u8]; 9] = [
    // Period of use of the private key, and alternative names of the issuer.
    &[0x55, 0x1d, 0x10],
    &[0x55, 0x1d, 0x12],
    // Location of revocations, policies, and location of newer revocations.
    &[0x55, 0x1d, 0x1f],
    &[0x55, 0x1d, 0x20],
    &[0x55, 0x1d, 0x2e],
    // Location of information about the issuer, legal statements, and TLS features.
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01],
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x03],
    &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18],
    // The organization identifier of the browsers.
    &[0x67, 0x81, 0x0c, 0x03, 0x01],
];
/// The prefix of private extensions, including those of certificate transparency.
const PRIVATE_ENTERPRISES: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970() {
        for (date, expected) in [
            ((1970, 1, 1), Some(0)),
            ((2000, 2, 29), Some(11_016)),
            ((2000, 3, 1), Some(11_017)),
            ((2026, 11, 21), Some(20_778)),
            ((1950, 1, 1), Some(-7305)),
            ((2000, 13, 1), None),
            ((2000, 1, 0), None),
        ] {
            assert_eq!(days(date.0, date.1, date.2), expected, "{date:?}");
        }
    }

    #[test]
    fn times_are_parsed_in_both_forms() {
        for (tag, text, expected) in [
            (UTC_TIME, "700101000001Z", Some(1)),
            (UTC_TIME, "491231235959Z", Some(2_524_607_999)),
            (GENERALIZED_TIME, "20500101000000Z", Some(2_524_608_000)),
            (UTC_TIME, "700101000001+0100", None),
            (UTC_TIME, "7001010000Z", None),
            (GENERALIZED_TIME, "", None),
        ] {
            let mut der = vec![tag, text.len() as u8];
            der.extend_from_slice(text.as_bytes());
            assert_eq!(Reader(&der).time(), expected, "{text}");
        }
    }

    #[test]
    fn an_extension_that_openssl_may_check_is_strange() {
        const POLICIES: &[u8] = &[0x55, 0x1d, 0x20];
        const TRANSPARENCY: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xd6, 0x79, 0x02, 0x04, 0x02];
        const NETSCAPE: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x86, 0xf8, 0x42, 0x01, 0x01];
        const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
        for (id, is_critical, expected) in [
            (KEY_USAGE, true, true),
            (SUBJECT_KEY_IDENTIFIER, false, true),
            (POLICIES, false, true),
            (POLICIES, true, false),
            (TRANSPARENCY, false, true),
            (TRANSPARENCY, true, false),
            (NETSCAPE, false, false),
            (NAME_CONSTRAINTS, true, false),
            (NAME_CONSTRAINTS, false, false),
            (&[0x2a, 0x03, 0x04], true, false),
            (&[], false, false),
        ] {
            assert_eq!(is_harmless(id, is_critical), expected, "{id:x?}");
        }
    }

    #[test]
    fn the_limit_of_the_path_is_parsed() {
        for (value, expected) in [
            (&b"\x30\x00"[..], (Some(false), None, false)),
            (b"\x30\x03\x01\x01\xff", (Some(true), None, false)),
            (
                b"\x30\x06\x01\x01\xff\x02\x01\x00",
                (Some(true), Some(0), false),
            ),
            (
                b"\x30\x06\x01\x01\xff\x02\x01\x7f",
                (Some(true), Some(127), false),
            ),
            (
                b"\x30\x06\x01\x01\xff\x02\x01\xff",
                (Some(true), None, true),
            ),
            (
                b"\x30\x07\x01\x01\xff\x02\x02\x01\x00",
                (Some(true), None, true),
            ),
        ] {
            let mut facts = Facts::default();
            facts.read_extension(BASIC_CONSTRAINTS, Reader(value));
            let seen = (facts.is_authority, facts.path_length, facts.is_strange);
            assert_eq!(seen, expected, "{value:x?}");
        }
    }

    #[test]
    fn a_certificate_has_three_parts() {
        let parts = |message, algorithm, signature| {
            Some(Signed {
                message,
                algorithm,
                signature,
            })
        };
        for (der, expected) in [
            (
                &b"\x30\x0b\x30\x01\x05\x30\x01\x06\x03\x03\x00\x07\x08"[..],
                parts(b"\x30\x01\x05", b"\x06", b"\x07\x08"),
            ),
            // Unused bits; more than three parts; bytes after the certificate; no signature.
            (
                b"\x30\x0b\x30\x01\x05\x30\x01\x06\x03\x03\x01\x07\x08",
                None,
            ),
            (
                b"\x30\x0b\x30\x01\x05\x30\x01\x06\x03\x01\x00\x05\x00",
                None,
            ),
            (b"\x30\x09\x30\x01\x05\x30\x01\x06\x03\x01\x00\x00", None),
            (b"\x30\x08\x30\x01\x05\x30\x01\x06\x03\x00", None),
        ] {
            assert_eq!(Signed::of(der), expected, "{der:x?}");
        }
    }

    #[test]
    fn malformed_certificates_have_no_facts() {
        for der in [
            &b""[..],
            b"\x30",
            b"\x30\x80",
            b"\x30\x03\x30\x01\x02",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x82\xff\xff\x30\x00",
        ] {
            assert_eq!(Facts::of(der), None, "{der:x?}");
        }
    }
}
