//! What a caller did wrong, as JavaScript is to throw it.

use proto::error::InvalidArgument;

/// An error to throw.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mistake {
    /// Which of JavaScript's errors it is.
    pub class: Class,
    /// A stable name.
    pub code: Option<&'static str>,
    /// What people read.
    pub message: String,
}

/// JavaScript's errors.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are JavaScript's")]
pub enum Class {
    Error,
    TypeError,
    RangeError,
}

impl Mistake {
    /// A RangeError that names a value.
    pub(crate) fn out_of_range(name: &str, value: f64, expected: &str) -> Self {
        Self::range(format!(
            "Invalid value for {name}: {value}; expected {expected}"
        ))
    }

    /// A RangeError, with the code that Node gives it.
    pub(crate) fn range(message: String) -> Self {
        Self {
            class: Class::RangeError,
            code: Some("ERR_OUT_OF_RANGE"),
            message,
        }
    }
}

/// What JavaScript programmers expect for this mistake.
impl From<InvalidArgument> for Mistake {
    fn from(mistake: InvalidArgument) -> Self {
        let message = mistake.to_string();
        match mistake {
            InvalidArgument::ControlTooLong(_) | InvalidArgument::CloseCode(_) => {
                Self::range(message)
            }
            // What could not be written: `InvalidArgument` may get more of these.
            _ => Self {
                class: Class::TypeError,
                code: Some("ERR_INVALID_CHAR"),
                message,
            },
        }
    }
}
