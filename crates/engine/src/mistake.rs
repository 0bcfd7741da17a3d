//! Mistakes of a caller, as exceptions that JavaScript throws.

use proto::error::InvalidArgument;

/// An error to throw.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mistake {
    /// The class of the exception.
    pub class: Class,
    /// A stable name.
    pub code: Option<&'static str>,
    /// A text for people.
    pub message: String,
}

/// The classes of JavaScript's exceptions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the names are JavaScript's")]
pub enum Class {
    Error,
    TypeError,
    RangeError,
}

impl Mistake {
    /// Creates a RangeError that names a value.
    pub(crate) fn out_of_range(name: &str, value: f64, expected: &str) -> Self {
        Self::range(format!(
            "Invalid value for {name}: {value}; expected {expected}"
        ))
    }

    /// Creates a RangeError with Node's code.
    pub(crate) fn range(message: String) -> Self {
        Self {
            class: Class::RangeError,
            code: Some("ERR_OUT_OF_RANGE"),
            message,
        }
    }
}

/// Converts a mistake to the exception that JavaScript programmers expect.
impl From<InvalidArgument> for Mistake {
    fn from(mistake: InvalidArgument) -> Self {
        let message = mistake.to_string();
        match mistake {
            InvalidArgument::ControlTooLong(_) | InvalidArgument::CloseCode(_) => {
                Self::range(message)
            }
            // Text that cannot be written. `InvalidArgument` may get more variants of this kind.
            _ => Self {
                class: Class::TypeError,
                code: Some("ERR_INVALID_CHAR"),
                message,
            },
        }
    }
}
