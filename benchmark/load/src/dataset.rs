//! Messages from a file, each after its length (four bytes, little endian), or generated ones.

use crate::fault::BadData;

/// The least length of a generated set, so that a cycle has many frames and few writes.
const LENGTH: usize = 256 * 1024;
const FEWEST: usize = 4;

pub(crate) fn split(mut file: &[u8]) -> Result<Vec<&[u8]>, BadData> {
    let mut messages = Vec::new();
    while !file.is_empty() {
        let (length, rest) = file.split_first_chunk().ok_or(BadData::Truncated)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (message, rest) = rest.split_at_checked(length).ok_or(BadData::Truncated)?;
        messages.push(message);
        file = rest;
    }
    Ok(messages)
}

/// Returns ASCII messages of `size` bytes that differ from each other, so that a reply out of order is detected.
pub(crate) fn of_size(size: usize) -> Vec<Vec<u8>> {
    let count = (LENGTH / size.max(1)).max(FEWEST);
    (0..count)
        .map(|index| {
            let number = format!("{index:x} ");
            let filler = (b'a'..=b'z').cycle().skip(index % 26);
            number.bytes().chain(filler).take(size).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_split_at_its_lengths() {
        let file = [
            &[3, 0, 0, 0],
            b"one".as_slice(),
            &[0, 0, 0, 0],
            &[1, 0, 0, 0, 7],
        ]
        .concat();
        let expected: Vec<&[u8]> = vec![b"one", b"", &[7]];
        assert_eq!(split(&file).unwrap(), expected);
    }

    #[test]
    fn a_truncated_file_is_refused() {
        for file in [&[3, 0, 0][..], &[3, 0, 0, 0, 1, 2]] {
            assert!(matches!(split(file), Err(BadData::Truncated)), "{file:?}");
        }
    }

    #[test]
    fn generated_messages_have_the_requested_size_and_differ() {
        for size in [8, 125, 65_536, 1_048_576] {
            let messages = of_size(size);
            assert!(
                messages.iter().all(|message| message.len() == size),
                "{size}"
            );
            assert!(messages.len() >= FEWEST);
            assert!(messages.windows(2).all(|pair| pair[0] != pair[1]), "{size}");
        }
    }
}
