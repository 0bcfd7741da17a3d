//! Faults for tests, in an addon built with the feature `fault-injection`: those of the engine, and refusals of the
//! kernel. In every other build these functions are empty and compile to nothing.

#[cfg(unix)]
pub(crate) use engine::injection::point;

/// Returns the result of a system call at this place: the error of a kernel without memory, if a test asked for it.
#[inline(always)]
#[cfg(unix)]
pub(crate) fn result(place: &str) -> std::io::Result<()> {
    if engine::injection::is_due(place) {
        return Err(std::io::Error::from_raw_os_error(libc::ENOMEM));
    }
    Ok(())
}

/// Makes a place fail once, after calls have passed it `passes` times.
#[cfg(feature = "fault-injection")]
#[napi_derive::napi]
#[expect(unreachable_pub, reason = "exported to JavaScript")]
pub fn inject_fault(place: String, passes: u32) {
    engine::injection::request(place, passes);
}
