//! Memory whose size a peer decides, by what it sends or by what it does not read.
//!
//! Knows how to ask for it so that a refusal is an outcome: the connection fails, and the process goes on.

use std::collections::VecDeque;

use crate::error::ProtocolError;

/// The allocator has refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NoMemory;

impl From<NoMemory> for ProtocolError {
    fn from(NoMemory: NoMemory) -> Self {
        Self::NoMemory
    }
}

/// Makes room for so many bytes more, and for later ones too if there is memory for that.
#[inline]
pub(crate) fn reserve(bytes: &mut Vec<u8>, additional: usize) -> Result<(), NoMemory> {
    if bytes.capacity() - bytes.len() >= additional {
        return Ok(());
    }
    bytes
        .try_reserve(additional)
        .or_else(|_| bytes.try_reserve_exact(additional))
        .map_err(|_| NoMemory)
}

pub(crate) fn append(to: &mut Vec<u8>, bytes: &[u8]) -> Result<(), NoMemory> {
    reserve(to, bytes.len())?;
    to.extend_from_slice(bytes);
    Ok(())
}

pub(crate) fn copy_of(bytes: &[u8]) -> Result<Vec<u8>, NoMemory> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).map_err(|_| NoMemory)?;
    copy.extend_from_slice(bytes);
    Ok(copy)
}

pub(crate) fn push<T>(queue: &mut VecDeque<T>, one: T) -> Result<(), NoMemory> {
    queue.try_reserve(1).map_err(|_| NoMemory)?;
    queue.push_back(one);
    Ok(())
}
