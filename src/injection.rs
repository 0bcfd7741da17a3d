//! Faults for tests, in an addon that is built with the feature `fault-injection`. In every other build these
//! functions are empty, and compiled to nothing.
//!
//! Knows names of places and which of them fail. The places do not know whether they fail.

/// A place where a panic can be asked for.
#[inline(always)]
pub(crate) fn point(place: &str) {
    assert!(!is_due(place), "injected fault: {place}");
}

/// A place where the answer of the kernel can be replaced by that of one that has no memory left.
#[inline(always)]
#[cfg(unix)]
pub(crate) fn result(place: &str) -> std::io::Result<()> {
    if is_due(place) {
        return Err(std::io::Error::from_raw_os_error(libc::ENOMEM));
    }
    Ok(())
}

#[cfg(not(feature = "fault-injection"))]
#[inline(always)]
fn is_due(_: &str) -> bool {
    false
}

#[cfg(feature = "fault-injection")]
use requested::is_due;

#[cfg(feature = "fault-injection")]
#[expect(unreachable_pub, reason = "exported to JavaScript")]
mod requested {
    use std::sync::{Mutex, PoisonError};

    use napi_derive::napi;

    /// The fault that comes next. Shared, because workers pass places as well.
    static NEXT: Mutex<Option<(String, u32)>> = Mutex::new(None);

    /// Has a place fail once, when it has been passed so many times.
    #[napi]
    pub fn inject_fault(place: String, passes: u32) {
        *NEXT.lock().unwrap_or_else(PoisonError::into_inner) = Some((place, passes));
    }

    pub(super) fn is_due(place: &str) -> bool {
        let mut next = NEXT.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut *next {
            Some((name, 0)) if name == place => {
                *next = None;
                true
            }
            Some((name, passes)) if name == place => {
                *passes -= 1;
                false
            }
            _ => false,
        }
    }
}
