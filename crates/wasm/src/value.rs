//! Values as bytes. A tag of one byte states the type. Numbers follow in 64 bits, little endian; texts and bytes
//! after their length in 32 bits; lists and objects up to an end tag. `lib/wasm/values.js` contains the other half.
//!
//! Knows the length that a value states, and the number of bytes that remain.

/// The first byte of a value.
mod tag {
    pub(super) const NULL: u8 = 0;
    pub(super) const FALSE: u8 = 1;
    pub(super) const TRUE: u8 = 2;
    pub(super) const NUMBER: u8 = 3;
    pub(super) const TEXT: u8 = 4;
    pub(super) const BYTES: u8 = 5;
    pub(super) const LIST: u8 = 6;
    /// In answers only: names, each followed by a value.
    pub(super) const OBJECT: u8 = 7;
    pub(super) const END: u8 = 8;
    /// In answers only: an exception, followed by its class, its code and its message.
    pub(super) const THROWN: u8 = 9;
    /// A text that is ASCII.
    pub(super) const ASCII: u8 = 10;
}

/// The error for bytes that do not encode the expected value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Garbled;

/// A reader of consecutive values.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Garbled> {
        match self.tag()? {
            tag::FALSE => Ok(false),
            tag::TRUE => Ok(true),
            _ => Err(Garbled),
        }
    }

    pub(crate) fn number(&mut self) -> Result<f64, Garbled> {
        match self.tag()? {
            tag::NUMBER => self.array().map(f64::from_le_bytes),
            _ => Err(Garbled),
        }
    }

    /// Reads a number and casts it to an integer; the cast saturates.
    pub(crate) fn whole(&mut self) -> Result<u32, Garbled> {
        self.number().map(|number| number as u32)
    }

    pub(crate) fn text(&mut self) -> Result<&'a str, Garbled> {
        match self.tag()? {
            tag::TEXT => std::str::from_utf8(self.counted()?).map_err(|_| Garbled),
            _ => Err(Garbled),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], Garbled> {
        match self.tag()? {
            tag::BYTES => self.counted(),
            _ => Err(Garbled),
        }
    }

    /// Reads a value that may be null.
    pub(crate) fn optional<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Garbled>,
    ) -> Result<Option<T>, Garbled> {
        if self.skip(tag::NULL) {
            return Ok(None);
        }
        read(self).map(Some)
    }

    pub(crate) fn list<T>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Garbled>,
    ) -> Result<Vec<T>, Garbled> {
        if self.tag()? != tag::LIST {
            return Err(Garbled);
        }
        let mut list = Vec::new();
        while !self.skip(tag::END) {
            list.push(read(self)?);
        }
        Ok(list)
    }

    /// Returns whether the next value is a text.
    pub(crate) fn is_text(&self) -> bool {
        self.rest.first() == Some(&tag::TEXT)
    }

    /// Returns whether the next value is a number.
    pub(crate) fn is_number(&self) -> bool {
        self.rest.first() == Some(&tag::NUMBER)
    }

    /// Returns whether the next value is true or false.
    pub(crate) fn is_flag(&self) -> bool {
        matches!(self.rest.first(), Some(&(tag::FALSE | tag::TRUE)))
    }

    fn skip(&mut self, tag: u8) -> bool {
        match self.rest.split_first() {
            Some((first, rest)) if *first == tag => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn tag(&mut self) -> Result<u8, Garbled> {
        let (&first, rest) = self.rest.split_first().ok_or(Garbled)?;
        self.rest = rest;
        Ok(first)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Garbled> {
        let (&array, rest) = self.rest.split_first_chunk().ok_or(Garbled)?;
        self.rest = rest;
        Ok(array)
    }

    fn counted(&mut self) -> Result<&'a [u8], Garbled> {
        let length = u32::from_le_bytes(self.array()?) as usize;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or(Garbled)?;
        self.rest = rest;
        Ok(bytes)
    }
}

/// A writer of consecutive values. If the allocator refuses memory for a value, all values are lost.
pub(crate) struct Writer {
    bytes: Vec<u8>,
    has_lost: bool,
}

impl Writer {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            has_lost: false,
        }
    }

    /// Discards all values, and shrinks the memory of a large answer.
    pub(crate) fn clear(&mut self) {
        self.has_lost = false;
        self.bytes.clear();
        self.bytes.shrink_to(MAX_KEPT);
    }

    /// Returns the encoded values; no bytes if values were lost.
    pub(crate) fn bytes(&self) -> &[u8] {
        if self.has_lost { &[] } else { &self.bytes }
    }

    /// Returns whether the allocator has refused memory for a value.
    pub(crate) fn has_lost(&self) -> bool {
        self.has_lost
    }

    pub(crate) fn null(&mut self) {
        self.put(&[tag::NULL]);
    }

    pub(crate) fn flag(&mut self, flag: bool) {
        self.put(&[if flag { tag::TRUE } else { tag::FALSE }]);
    }

    pub(crate) fn number(&mut self, number: f64) {
        self.put(&[tag::NUMBER]);
        self.put(&number.to_le_bytes());
    }

    pub(crate) fn text(&mut self, text: &str) {
        let is_ascii = text.is_ascii();
        self.counted(
            if is_ascii { tag::ASCII } else { tag::TEXT },
            text.as_bytes(),
        );
    }

    /// Writes a text. JavaScript replaces invalid UTF-8 with U+FFFD.
    pub(crate) fn utf8(&mut self, text: &[u8]) {
        self.counted(tag::TEXT, text);
    }

    pub(crate) fn bytes_of(&mut self, bytes: &[u8]) {
        self.counted(tag::BYTES, bytes);
    }

    /// Writes the value, or null.
    pub(crate) fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.put(&[tag::LIST]);
        for item in items {
            write(self, item);
        }
        self.put(&[tag::END]);
    }

    pub(crate) fn texts(&mut self, texts: &[String]) {
        self.list(texts, |writer, text| writer.text(text));
    }

    /// Writes an object with the fields that `write` adds.
    pub(crate) fn object(&mut self, write: impl FnOnce(&mut Fields<'_>)) {
        self.put(&[tag::OBJECT]);
        write(&mut Fields { writer: self });
        self.put(&[tag::END]);
    }

    /// Writes an exception.
    pub(crate) fn thrown(&mut self, class: &str, code: Option<&str>, message: &str) {
        self.put(&[tag::THROWN]);
        self.text(class);
        self.optional(code, Self::text);
        self.text(message);
    }

    fn counted(&mut self, tag: u8, bytes: &[u8]) {
        let Ok(length) = u32::try_from(bytes.len()) else {
            self.has_lost = true;
            return;
        };
        self.put(&[tag]);
        self.put(&length.to_le_bytes());
        self.put(bytes);
    }

    fn put(&mut self, bytes: &[u8]) {
        if self.has_lost || self.bytes.try_reserve(bytes.len()).is_err() {
            self.has_lost = true;
            return;
        }
        self.bytes.extend_from_slice(bytes);
    }
}

/// The fields of an object. Fields that are None are omitted.
pub(crate) struct Fields<'a> {
    writer: &'a mut Writer,
}

impl Fields<'_> {
    pub(crate) fn field(&mut self, name: &str, write: impl FnOnce(&mut Writer)) {
        self.writer.text(name);
        write(self.writer);
    }

    pub(crate) fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.field(name, |writer| writer.text(text));
        }
    }

    pub(crate) fn number(&mut self, name: &str, number: Option<impl Into<f64>>) {
        if let Some(number) = number {
            self.field(name, |writer| writer.number(number.into()));
        }
    }

    pub(crate) fn flag(&mut self, name: &str, flag: Option<bool>) {
        if let Some(flag) = flag {
            self.field(name, |writer| writer.flag(flag));
        }
    }

    pub(crate) fn bytes(&mut self, name: &str, bytes: Option<&[u8]>) {
        if let Some(bytes) = bytes {
            self.field(name, |writer| writer.bytes_of(bytes));
        }
    }
}

/// The capacity that a writer keeps for the next answer, in bytes.
const MAX_KEPT: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::{Garbled, Reader, Writer};

    /// Returns the values as JavaScript writes them: with one tag for all texts.
    fn written(write: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::new();
        write(&mut writer);
        let bytes = writer.bytes().iter();
        bytes
            .map(|&byte| {
                if byte == super::tag::ASCII {
                    super::tag::TEXT
                } else {
                    byte
                }
            })
            .collect()
    }

    #[test]
    fn a_reader_reads_the_values_that_a_writer_wrote() {
        let bytes = written(|writer| {
            writer.flag(true);
            writer.number(-2.5);
            writer.text("aé");
            writer.bytes_of(&[1, 2, 3]);
            writer.null();
            writer.list([1.0, 2.0], Writer::number);
        });
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.flag(), Ok(true));
        assert_eq!(reader.number(), Ok(-2.5));
        assert_eq!(reader.text(), Ok("aé"));
        assert_eq!(reader.bytes(), Ok(&[1, 2, 3][..]));
        assert_eq!(reader.optional(Reader::number), Ok(None));
        assert_eq!(reader.list(Reader::number), Ok(vec![1.0, 2.0]));
        assert_eq!(reader.flag(), Err(Garbled), "after the end");
    }

    #[test]
    fn garbled_bytes_cause_an_error_and_no_panic() {
        let whole = written(|writer| {
            writer.text("text");
            writer.bytes_of(b"bytes");
            writer.number(1.0);
            writer.list(["a", "b"], Writer::text);
        });
        let read = |bytes: &[u8]| {
            let mut reader = Reader::new(bytes);
            reader.text()?;
            reader.bytes()?;
            reader.number()?;
            reader.list(|reader| reader.text().map(str::to_owned))
        };
        assert!(read(&whole).is_ok());
        for length in 0..whole.len() {
            assert_eq!(read(&whole[..length]), Err(Garbled), "cut at {length}");
        }
        for at in 0..whole.len() {
            for byte in [0, 1, 3, 6, 8, 127, 255] {
                let mut garbled = whole.clone();
                garbled[at] = byte;
                let _ = read(&garbled);
            }
        }
    }
}
