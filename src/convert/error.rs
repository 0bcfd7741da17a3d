//! Conversion of misuse to JavaScript exceptions.

use engine::mistake::{Class, Mistake};
use napi::{Env, Error, Result, Status};

/// Throws an exception of the class that JavaScript programmers expect for this mistake.
pub(crate) fn throw(env: &Env, mistake: impl Into<Mistake>) -> Error {
    let Mistake {
        class,
        code,
        message,
    } = mistake.into();
    let thrown = match class {
        Class::Error => env.throw_error(&message, code),
        Class::TypeError => env.throw_type_error(&message, code),
        Class::RangeError => env.throw_range_error(&message, code),
    };
    pending(thrown, message)
}

/// Reports that an exception with this message is pending, so that napi-rs throws no second one.
fn pending(thrown: Result<()>, message: String) -> Error {
    match thrown {
        Ok(()) => Error::new(Status::PendingException, message),
        Err(error) => error,
    }
}
