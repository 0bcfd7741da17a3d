//! Settings to begin with.

use proto::config::{Config, PeerMasking};
use proto_testing::connections::client_config;

/// The settings that a byte of input stands for. The limits are small ones, those around the forms of a
/// length, and none.
pub fn config(choice: u8, is_client: bool) -> Config {
    let masking = [
        PeerMasking::Optional,
        PeerMasking::Required,
        PeerMasking::Forbidden,
    ];
    let limits = [70_000, 0, 10, 125, 126, 65_535, usize::MAX, 300];
    let config = if is_client {
        Config {
            subprotocols: vec!["chat".to_owned()],
            ..client_config()
        }
    } else {
        Config::server()
    };
    Config {
        max_length: limits[usize::from(choice >> 2) % limits.len()],
        peer_masking: masking[usize::from(choice & 3) % masking.len()],
        ..config
    }
}
