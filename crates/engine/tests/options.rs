//! The effect of options on the policies of interfaces.

use engine::options::{ConnectionOptions, Interface, MAX_STRING_LENGTH, Protocols, length_limit};
use engine::randomness;
use proto::handshake::Version;
use proto::policy::{Delivery, Drafts, PeerMasking, Policy, Pongs, RequestChecks, TextCheck};

const INTERFACES: [Interface; 3] = [
    Interface::WebsocketDriver,
    Interface::WebsocketNode,
    Interface::Ws,
];

fn of(interface: Interface) -> ConnectionOptions {
    ConnectionOptions {
        interface: Some(interface),
        ..ConnectionOptions::default()
    }
}

/// Prints everything of a policy, so that two policies can be compared.
fn shown(policy: &Policy) -> String {
    format!("{policy:?}")
}

#[test]
fn without_options_the_policy_of_the_interface_applies() {
    randomness::provide(|bytes| bytes.fill(7));
    let server = shown(&ConnectionOptions::default().server());
    assert_eq!(server, shown(&Policy::websocket_driver_server()));
    let servers = [
        Policy::websocket_driver_server(),
        Policy::websocket_node_server(),
        Policy::ws_server(),
    ];
    for (interface, expected) in INTERFACES.into_iter().zip(servers) {
        assert_eq!(shown(&of(interface).server()), shown(&expected));
        let client = of(interface).client();
        assert_eq!(client.peer_masking, PeerMasking::Forbidden);
        assert!(client.mask_keys.is_some(), "{interface:?}");
    }
}

/// An option, and its effect for a server and for a client.
type Case = (
    &'static str,
    fn(&mut ConnectionOptions),
    fn(&Policy) -> bool,
    fn(&Policy) -> bool,
);

const CASES: [Case; 13] = [
    (
        "a length",
        |options| options.max_length = Some(100.9),
        |policy| policy.max_message == 100,
        |policy| policy.max_message == 100,
    ),
    (
        "a length of a frame",
        |options| options.max_frame = Some(10.0),
        |policy| policy.max_frame == 10,
        |policy| policy.max_frame == 10,
    ),
    (
        "infinitely many fragments",
        |options| options.max_fragments = Some(f64::INFINITY),
        |policy| policy.max_fragments == Some(u32::MAX),
        |policy| policy.max_fragments == Some(u32::MAX),
    ),
    (
        "no masks",
        |options| options.masking = Some(false),
        |policy| policy.mask_keys.is_none(),
        |policy| policy.mask_keys.is_none(),
    ),
    (
        "masks",
        |options| options.masking = Some(true),
        |policy| policy.mask_keys.is_some(),
        |policy| policy.mask_keys.is_some(),
    ),
    (
        "drafts",
        |options| options.allow_drafts = Some(true),
        |policy| policy.drafts == Drafts::Presumed,
        |_| true,
    ),
    (
        "no drafts",
        |options| options.allow_drafts = Some(false),
        |policy| policy.drafts == Drafts::Refused,
        |_| true,
    ),
    (
        "masks of the peer",
        |options| options.require_masking = Some(true),
        |policy| policy.peer_masking == PeerMasking::Required,
        |policy| policy.peer_masking == PeerMasking::Required,
    ),
    (
        "subprotocols",
        |options| options.protocols = Some(Protocols::List("a, b".to_owned())),
        |policy| policy.subprotocols == ["a", "b"],
        |policy| policy.subprotocols == ["a", "b"],
    ),
    (
        "fragments",
        |options| options.delivery = Some(Delivery::Fragments),
        |policy| policy.delivery == Delivery::Fragments,
        |policy| policy.delivery == Delivery::Fragments,
    ),
    (
        "unchecked text",
        |options| options.checks_text = Some(false),
        |policy| policy.text == TextCheck::Never,
        |policy| policy.text == TextCheck::Never,
    ),
    (
        "frames of a length",
        |options| options.fragment_at = Some(f64::INFINITY),
        |policy| policy.fragment_at == Some(usize::MAX),
        |policy| policy.fragment_at == Some(usize::MAX),
    ),
    (
        "pongs on demand",
        |options| options.answers_pings = Some(false),
        |policy| policy.pongs == Pongs::Asked,
        |policy| policy.pongs == Pongs::Asked,
    ),
];

#[test]
fn an_option_has_the_same_effect_with_every_interface() {
    for interface in INTERFACES {
        for (name, set, of_server, of_client) in CASES {
            let mut options = of(interface);
            set(&mut options);
            assert!(
                of_server(&options.clone().server()),
                "{interface:?}: {name}"
            );
            assert!(of_client(&options.client()), "{interface:?}: {name}");
        }
    }
}

#[test]
fn only_websocket_node_can_be_lenient() {
    for interface in INTERFACES {
        let options = ConnectionOptions {
            strict_handshake: Some(false),
            require_masking: Some(false),
            version: Some(8),
            ..of(interface)
        };
        let is_lenient = interface == Interface::WebsocketNode;
        let server = options.clone().server();
        assert_eq!(server.requests == RequestChecks::Lenient, is_lenient);
        assert_eq!(server.peer_masking, PeerMasking::Optional);
        let client = options.client();
        assert_eq!(client.peer_masking == PeerMasking::Optional, is_lenient);
        assert_eq!(client.versions, [Version::Hybi8]);
    }
}

#[test]
fn no_limit_is_above_the_longest_string() {
    for (given, expected) in [
        (0.0, 0),
        (-1.0, 0),
        (f64::NAN, 0),
        (1.5, 1),
        (1e9, MAX_STRING_LENGTH),
        (f64::INFINITY, MAX_STRING_LENGTH),
    ] {
        assert_eq!(length_limit(given), expected, "{given}");
    }
}
