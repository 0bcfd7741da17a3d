//! Policies for the fuzz targets.

use proto::policy::{Delivery, PeerMasking, Policy};
use proto_testing::connections::client_policy;

/// Returns the policy for a byte of input. The limits are small ones, those around the sizes of a
/// length field, and none.
pub fn policy(choice: u8, is_client: bool) -> Policy {
    let masking = [
        PeerMasking::Optional,
        PeerMasking::Required,
        PeerMasking::Forbidden,
    ];
    let limits = [70_000, 0, 10, 125, 126, 65_535, usize::MAX, 300];
    let policy = if is_client {
        Policy {
            subprotocols: vec!["chat".to_owned()],
            ..client_policy()
        }
    } else {
        Policy::websocket_driver_server()
    };
    Policy {
        max_message: limits[usize::from(choice >> 2) % limits.len()],
        peer_masking: masking[usize::from(choice & 3) % masking.len()],
        ..policy
    }
}

/// Returns such a policy with the manner of one of the interfaces.
pub fn any_policy(choice: u8, is_client: bool) -> Policy {
    let interface = match choice >> 5 {
        5 => Policy::websocket_node_server(),
        6 => Policy {
            delivery: Delivery::Frames,
            ..Policy::websocket_node_server()
        },
        7 => Policy::ws_server(),
        _ => Policy::websocket_driver_server(),
    };
    Policy {
        manner: interface.manner,
        max_frame: interface.max_frame,
        max_fragments: interface.max_fragments,
        delivery: interface.delivery,
        text: interface.text,
        pongs: interface.pongs,
        ..policy(choice, is_client)
    }
}
