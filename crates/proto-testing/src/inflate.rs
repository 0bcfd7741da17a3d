//! An independent decoder of compressed messages, RFC 1951 and RFC 7692 §7.2.2, with a strict check
//! of distances. Shares no code with the core or its compressor.

/// One direction of a session, decoded with the least memory allowed.
#[derive(Debug)]
pub struct Reader {
    window: usize,
    takeover: bool,
    past: Vec<u8>,
}

impl Reader {
    /// Creates a reader with this window.
    pub fn new(window_bits: u32, takeover: bool) -> Self {
        Self {
            window: 1 << window_bits,
            takeover,
            past: Vec::new(),
        }
    }

    /// Returns the message of this payload, which arrived with RSV1.
    ///
    /// # Errors
    /// If the payload is invalid.
    pub fn message(&mut self, payload: &[u8]) -> Result<Vec<u8>, String> {
        let known = self.past.len();
        let bytes = [payload, &[0x00, 0x00, 0xFF, 0xFF]].concat();
        let mut bits = Bits {
            bytes: &bytes,
            position: 0,
        };
        let mut out = std::mem::take(&mut self.past);
        while bits.position < bytes.len() * 8 {
            block(&mut bits, &mut out, self.window)?;
        }
        let message = out.split_off(known);
        if self.takeover {
            out.extend_from_slice(&message);
            out.drain(..out.len().saturating_sub(self.window));
            self.past = out;
        }
        Ok(message)
    }
}

fn block(bits: &mut Bits<'_>, out: &mut Vec<u8>, window: usize) -> Result<(), String> {
    let is_final = bits.take(1)? == 1;
    match bits.take(2)? {
        0 => {
            bits.align();
            let (length, complement) = (bits.take(16)?, bits.take(16)?);
            if length != complement ^ 0xFFFF {
                return Err(format!("stored lengths {length:x} and {complement:x}"));
            }
            for _ in 0..length {
                out.push(bits.take(8)? as u8);
            }
        }
        1 => {
            let lengths = [[8; 144].as_slice(), &[9; 112], &[7; 24], &[8; 8]].concat();
            compressed(
                bits,
                &Code::new(&lengths),
                &Code::new(&[5; 30]),
                out,
                window,
            )?;
        }
        2 => {
            let (literals, distances) = codes(bits)?;
            compressed(bits, &literals, &distances, out, window)?;
        }
        _ => return Err("block type 3".to_owned()),
    }
    if is_final {
        bits.align();
    }
    Ok(())
}

fn compressed(
    bits: &mut Bits<'_>,
    literals: &Code,
    distances: &Code,
    out: &mut Vec<u8>,
    window: usize,
) -> Result<(), String> {
    loop {
        let symbol = literals.read(bits)?;
        match symbol {
            0..256 => out.push(symbol as u8),
            256 => return Ok(()),
            257..286 => {
                let (base, extra) = length(symbol);
                let length = base + bits.take(extra)?;
                let symbol = distances.read(bits)?;
                if symbol > 29 {
                    return Err(format!("no such distance: {symbol}"));
                }
                let (base, extra) = distance(symbol);
                let distance = (base + bits.take(extra)?) as usize;
                if distance > window || distance > out.len() {
                    let known = out.len();
                    return Err(format!("{distance} back in {known}, window {window}"));
                }
                for _ in 0..length {
                    out.push(out[out.len() - distance]);
                }
            }
            other => return Err(format!("no such length: {other}")),
        }
    }
}

/// Reads the codes of a block with dynamic Huffman codes, §3.2.7.
fn codes(bits: &mut Bits<'_>) -> Result<(Code, Code), String> {
    let literals = bits.take(5)? as usize + 257;
    let distances = bits.take(5)? as usize + 1;
    let mut lengths = [0; 19];
    for index in 0..bits.take(4)? as usize + 4 {
        lengths[ORDER[index]] = bits.take(3)? as u8;
    }
    let code = Code::new(&lengths);
    let mut lengths = Vec::new();
    while lengths.len() < literals + distances {
        let (length, times) = match code.read(bits)? {
            16 => {
                let last = *lengths.last().ok_or("nothing to repeat")?;
                (last, bits.take(2)? + 3)
            }
            17 => (0, bits.take(3)? + 3),
            18 => (0, bits.take(7)? + 11),
            length => (length as u8, 1),
        };
        lengths.resize(lengths.len() + times as usize, length);
    }
    if lengths.len() > literals + distances {
        return Err("too many lengths".to_owned());
    }
    let (literals, distances) = lengths.split_at(literals);
    Ok((Code::new(literals), Code::new(distances)))
}

/// A canonical Huffman code, §3.2.2.
struct Code {
    /// The number of symbols for each length of a code.
    counts: [u32; 16],
    /// The symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Code {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; 16];
        let mut symbols = Vec::new();
        for length in 1..16 {
            for (symbol, _) in (0..).zip(lengths).filter(|(_, other)| **other == length) {
                symbols.push(symbol);
                counts[usize::from(length)] += 1;
            }
        }
        Self { counts, symbols }
    }

    fn read(&self, bits: &mut Bits<'_>) -> Result<u16, String> {
        // For the current length: the code, the first code, and the index of its symbol.
        let (mut code, mut first, mut index) = (0, 0, 0);
        for count in &self.counts[1..] {
            code |= bits.take(1)?;
            if code < first + count {
                return Ok(self.symbols[(index + code - first) as usize]);
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err("no such code".to_owned())
    }
}

struct Bits<'a> {
    bytes: &'a [u8],
    /// The position in bits.
    position: usize,
}

impl Bits<'_> {
    fn take(&mut self, count: u32) -> Result<u32, String> {
        let mut value = 0;
        for index in 0..count {
            let byte = self
                .bytes
                .get(self.position / 8)
                .ok_or("ends within a block")?;
            value |= u32::from(byte >> (self.position % 8) & 1) << index;
            self.position += 1;
        }
        Ok(value)
    }

    fn align(&mut self) {
        self.position = self.position.next_multiple_of(8);
    }
}

/// Returns the smallest length of a symbol and its number of extra bits, §3.2.5.
fn length(symbol: u16) -> (u32, u32) {
    match u32::from(symbol) - 257 {
        index @ 0..8 => (3 + index, 0),
        28 => (258, 0),
        index => {
            let extra = index / 4 - 1;
            (3 + ((4 + index % 4) << extra), extra)
        }
    }
}

/// Returns the smallest distance of a symbol and its number of extra bits, §3.2.5.
fn distance(symbol: u16) -> (u32, u32) {
    match u32::from(symbol) {
        index @ 0..4 => (1 + index, 0),
        index => {
            let extra = index / 2 - 1;
            (1 + ((2 + index % 2) << extra), extra)
        }
    }
}

/// The order of the lengths of the code for lengths.
const ORDER: [usize; 19] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
];
