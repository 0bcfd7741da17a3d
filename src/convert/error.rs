//! Misuse to JavaScript exceptions.

use napi::{Env, Error, Result, Status};
use proto::error::InvalidArgument;

/// Throws what JavaScript programmers expect for this mistake.
pub(crate) fn throw(env: &Env, mistake: &InvalidArgument) -> Error {
    let message = mistake.to_string();
    let thrown = match mistake {
        InvalidArgument::ControlTooLong(_) | InvalidArgument::CloseCode(_) => {
            env.throw_range_error(&message, Some(OUT_OF_RANGE))
        }
        _ => env.throw_type_error(&message, Some("ERR_INVALID_CHAR")),
    };
    pending(thrown, message)
}

/// Throws a RangeError that names a value.
pub(crate) fn out_of_range(env: &Env, name: &str, value: f64, expected: &str) -> Error {
    let message = format!("Invalid value for {name}: {value}; expected {expected}");
    pending(env.throw_range_error(&message, Some(OUT_OF_RANGE)), message)
}

/// Says that an exception with this message is pending, so that nothing is thrown on top of it.
pub(crate) fn pending(thrown: Result<()>, message: String) -> Error {
    match thrown {
        Ok(()) => Error::new(Status::PendingException, message),
        Err(error) => error,
    }
}

/// The code of a RangeError, as Node has it.
pub(crate) const OUT_OF_RANGE: &str = "ERR_OUT_OF_RANGE";
