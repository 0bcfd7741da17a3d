//! `Sec-WebSocket-Extensions`: a parsed header is printed as a header that parses to the same
//! elements.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proto::extension::header::{Element, number, parse, print};

fuzz_target!(|input: &str| {
    let Ok(elements) = parse(input) else { return };
    let printed = print_all(&elements);
    assert!(!printed.contains(['\r', '\n', '\0']), "{printed:?}");
    assert_eq!(parse(&printed).as_ref(), Ok(&elements), "{printed:?}");
    assert_eq!(print_all(&elements), printed);

    // Sessions receive numeric values as numbers and return them.
    let values = elements.iter().flat_map(|element| &element.parameters);
    for number_read in values.filter_map(|(_, value)| number(value.as_deref()?)) {
        let again = number(&number_read.to_string());
        assert!(
            again == Some(number_read) || number_read.is_infinite(),
            "{number_read}"
        );
    }
});

fn print_all(elements: &[Element]) -> String {
    let printed = elements
        .iter()
        .map(|element| print(&element.name, &element.parameters));
    printed.collect::<Vec<_>>().join(", ")
}
