//! Fallible allocation for memory whose size a peer controls, by sending or by not reading.
//!
//! If the allocator refuses, the connection fails and the process continues.

use std::collections::VecDeque;

use crate::error::ProtocolError;

/// The allocator refused a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NoMemory;

impl From<NoMemory> for ProtocolError {
    fn from(NoMemory: NoMemory) -> Self {
        Self::NoMemory
    }
}

/// Reserves space for `additional` bytes, and for later ones if the allocator grants it.
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
