//! Incremental UTF-8 validation, RFC 3629: no surrogates, no overlong forms, nothing above
//! U+10FFFF.

/// The validated length of a growing text.
#[derive(Debug, Default)]
pub(crate) struct Utf8Proof {
    valid: usize,
}

#[derive(Debug, PartialEq)]
pub(crate) struct InvalidUtf8;

impl Utf8Proof {
    /// Validates the bytes appended to `text` since the last call. An incomplete sequence at the
    /// end may still become a character. Any other invalid byte is refused immediately, RFC 6455
    /// §8.1.
    pub(crate) fn extend(&mut self, text: &[u8]) -> Result<(), InvalidUtf8> {
        let new = text.get(self.valid..).unwrap_or_default();
        match simdutf8::compat::from_utf8(new) {
            Ok(_) => self.valid = text.len(),
            Err(error) if error.error_len().is_none() => self.valid += error.valid_up_to(),
            Err(_) => return Err(InvalidUtf8),
        }
        Ok(())
    }

    /// Returns whether the text may end here.
    pub(crate) fn covers(&self, text: &[u8]) -> bool {
        self.valid == text.len()
    }
}

/// Returns whether the complete `text` is UTF-8.
#[inline]
pub(crate) fn is_utf8(text: &[u8]) -> bool {
    simdutf8::basic::from_utf8(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_byte_is_refused_when_it_arrives() {
        let cases: [(&str, &[u8], Option<usize>); 10] = [
            ("ascii", b"abc", None),
            ("κόσμε", "κόσμε".as_bytes(), None),
            ("a smiley in four bytes", "😀".as_bytes(), None),
            ("a lone continuation", b"a\x80", Some(1)),
            ("C0, never valid", b"\xC0\xAF", Some(0)),
            (
                "overlong, detected at its second byte",
                b"\xE0\x80\x80",
                Some(1),
            ),
            (
                "a surrogate, detected at its second byte",
                b"\xED\xA0\x80",
                Some(1),
            ),
            (
                "above U+10FFFF, detected at its second byte",
                b"\xF4\x90\x80\x80",
                Some(1),
            ),
            ("F5, never valid", b"ab\xF5", Some(2)),
            ("cut short by a new character", b"\xE2\x82a", Some(2)),
        ];
        for (name, text, refused_at) in cases {
            let mut proof = Utf8Proof::default();
            let found = (0..text.len()).find(|&at| proof.extend(&text[..=at]).is_err());
            assert_eq!(found, refused_at, "{name}");
            assert_eq!(is_utf8(text), refused_at.is_none(), "{name}");
        }
    }

    #[test]
    fn an_incomplete_sequence_is_valid_except_at_the_end_of_a_text() {
        let mut proof = Utf8Proof::default();
        assert_eq!(proof.extend(b"\xE2\x82"), Ok(()));
        assert!(!proof.covers(b"\xE2\x82"));
        assert_eq!(proof.extend(b"\xE2\x82\xAC"), Ok(()));
        assert!(proof.covers(b"\xE2\x82\xAC"));
    }
}
