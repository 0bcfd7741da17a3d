//! Faults for tests, in a build with the feature `fault-injection`. In every other build these functions are empty
//! and compile to nothing.
//!
//! Knows the names of places and the next place that fails. The places do not know whether they fail.

#[cfg(feature = "fault-injection")]
pub use requested::{is_due, request};

/// Panics if a test has requested it for this place.
#[inline(always)]
pub fn point(place: &str) {
    assert!(!is_due(place), "injected fault: {place}");
}

/// Returns whether the place must fail now.
#[cfg(not(feature = "fault-injection"))]
#[inline(always)]
#[must_use]
pub fn is_due(_: &str) -> bool {
    false
}

#[cfg(feature = "fault-injection")]
mod requested {
    use std::sync::{Mutex, PoisonError};

    /// The next fault. Shared, because other threads pass places as well.
    static NEXT: Mutex<Option<(String, u32)>> = Mutex::new(None);

    /// Makes a place fail once, after calls have passed it `passes` times.
    pub fn request(place: String, passes: u32) {
        *NEXT.lock().unwrap_or_else(PoisonError::into_inner) = Some((place, passes));
    }

    /// Returns whether the place must fail now.
    #[must_use]
    pub fn is_due(place: &str) -> bool {
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
