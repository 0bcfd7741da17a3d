//! The functions for less frequent calls, by name, with arguments and an answer as values.
//!
//! `lib/wasm` converts a program's values to these arguments, and returns the answers unchanged: field names are
//! those of `binding.d.ts`.

mod arguments;
mod connection;
mod deflate;
mod extensions;
mod http;
mod objects;

use engine::mistake::{Class, Mistake};
use engine::numbers;

use crate::shared::{answer, with_window};
use crate::value::{Garbled, Reader, Writer};

/// A function that reads its arguments and writes its answer.
type Function = fn(&mut Reader<'_>, &mut Writer) -> Outcome;

type Outcome = Result<(), Failed>;

/// The reason why a function has no answer.
enum Failed {
    /// The window does not contain arguments of this function.
    Garbled,
    /// No object has this number.
    Gone,
    /// A mistake of the program.
    Mistake(Mistake),
}

impl From<Garbled> for Failed {
    fn from(Garbled: Garbled) -> Self {
        Self::Garbled
    }
}

impl From<Mistake> for Failed {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

/// Calls the function with that index in `FUNCTIONS`, with the arguments in the window. Returns the length of the
/// answer, and places its address.
#[cfg_attr(target_family = "wasm", unsafe(no_mangle))]
pub(crate) extern "C" fn call(index: u32, length: u32) -> u32 {
    answer(|writer| {
        let function = FUNCTIONS.get(index as usize);
        let called = with_window(length, |arguments| match function {
            Some((_, function)) => function(&mut Reader::new(arguments), writer),
            None => Err(Failed::Garbled),
        });
        match called.unwrap_or(Err(Failed::Garbled)) {
            Ok(()) if writer.has_lost() => thrown(writer, Class::RangeError, None, "Out of memory"),
            Ok(()) => {}
            Err(Failed::Garbled) => thrown(writer, Class::TypeError, None, "Invalid argument"),
            Err(Failed::Gone) => thrown(
                writer,
                Class::Error,
                None,
                "The object has been released and cannot be used any more",
            ),
            Err(Failed::Mistake(Mistake {
                class,
                code,
                message,
            })) => {
                thrown(writer, class, code, &message);
            }
        }
    })
}

fn thrown(writer: &mut Writer, class: Class, code: Option<&str>, message: &str) {
    let class = match class {
        Class::Error => "Error",
        Class::TypeError => "TypeError",
        Class::RangeError => "RangeError",
    };
    writer.clear();
    writer.thrown(class, code, message);
}

/// The functions by name. JavaScript calls the first one to read the list.
const FUNCTIONS: &[(&str, Function)] = &[
    ("functions", functions),
    ("constants", constants),
    ("server", connection::server),
    ("client", connection::client),
    ("established", connection::established),
    ("faulted", connection::faulted),
    ("about", connection::about),
    ("responseHeaders", connection::response_headers),
    ("setHeader", connection::set_header),
    ("start", connection::start),
    ("poll", connection::poll),
    ("work", connection::work),
    ("close", connection::close),
    ("discardOutput", connection::discard_output),
    ("takeWrite", connection::take_write),
    ("ping", connection::ping),
    ("pong", connection::pong),
    ("sendFrame", connection::send_frame),
    ("negotiates", extensions::negotiates),
    ("receivedExtensions", extensions::received_extensions),
    ("addExtension", extensions::add_extension),
    ("reserveBits", extensions::reserve_bits),
    ("isReserved", extensions::is_reserved),
    ("activated", extensions::activated),
    ("refuse", extensions::refuse),
    ("unacceptable", extensions::unacceptable),
    ("transformed", extensions::transformed),
    ("sendTransformed", extensions::send_transformed),
    ("failExtension", extensions::fail_extension),
    ("sessionsClosed", extensions::sessions_closed),
    ("offerDeflate", deflate::offer_deflate),
    ("answerDeflate", deflate::answer_deflate),
    ("activateDeflate", deflate::activate_deflate),
    ("takeDeflate", deflate::take_deflate),
    ("deflateClient", deflate::client),
    ("deflateServer", deflate::server),
    ("deflateOffer", deflate::offer),
    ("deflateActivate", deflate::activate),
    ("deflateOfferHeader", deflate::offer_header),
    ("deflateActivateHeader", deflate::activate_header),
    ("deflateResponse", deflate::response),
    ("inflate", deflate::inflate),
    ("inflateMore", deflate::inflate_more),
    ("deflate", deflate::deflate),
    ("deflateMore", deflate::deflate_more),
    ("deflateClose", deflate::close),
    ("prepare", http::prepare),
    ("isWebSocket", http::is_web_socket),
    ("isEventSource", http::is_event_source),
    ("eventStreamHead", http::event_stream_head),
    ("eventStreamMessage", http::event_stream_message),
    ("eventStreamPing", http::event_stream_ping),
    ("judgeHandshake", http::judge_handshake),
    ("handshakeKey", http::handshake_key),
    ("acceptValue", http::accept_value),
    ("parser", http::parser),
    ("parse", http::parse),
    ("tunnel", http::tunnel),
    ("tunnelHeader", http::tunnel_header),
    ("tunnelRequest", http::tunnel_request),
    ("tunnelAnswer", http::tunnel_answer),
];

fn functions(_: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    writer.list(FUNCTIONS, |writer, (name, _)| writer.text(name));
    Ok(())
}

/// Writes the constants that `binding.d.ts` exports, and the names of the headers that a handshake reads.
fn constants(_: &mut Reader<'_>, writer: &mut Writer) -> Outcome {
    let enumeration = |writer: &mut Writer, names: &[(&str, i32)]| {
        writer.object(|fields| {
            for &(name, number) in names {
                fields.number(name, Some(number));
            }
        });
    };
    writer.object(|fields| {
        fields.field("Sent", |writer| {
            enumeration(
                writer,
                &[
                    ("Refused", numbers::REFUSED),
                    ("WaitsForWork", numbers::WAITS_FOR_WORK),
                ],
            );
        });
        fields.field("ReadyState", |writer| {
            enumeration(
                writer,
                &connection::READY_STATES.map(|(name, state)| (name, numbers::ready_state(state))),
            );
        });
        fields.number("FULL_CHUNK", Some(numbers::FULL_CHUNK));
        fields.number("MAX_REPLIES", Some(numbers::MAX_REPLIES));
        fields.number("DEFAULT_MAX_LENGTH", Some(numbers::DEFAULT_MAX_LENGTH));
        fields.field("HEADERS", |writer| {
            writer.list(proto::http::request::Request::HEADERS, Writer::text);
        });
    });
    Ok(())
}
