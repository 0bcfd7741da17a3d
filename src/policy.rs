//! `Policy`: the options of many connections, converted once.

use engine::options;
use engine::registry::{self, Registration};
use napi_derive::napi;
use proto::policy;

use crate::convert::options::ConnectionOptions;

/// The policy of a server's connections.
#[napi]
pub struct Policy {
    registration: Registration<policy::Policy>,
}

#[napi]
impl Policy {
    /// Converts the options.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: ConnectionOptions) -> Self {
        let options = options::ConnectionOptions::from(options);
        Self {
            registration: registry::register_policy(options.server()),
        }
    }

    /// The number of the policy for `calls()`, valid until the object is collected.
    #[napi(getter, catch_unwind)]
    pub fn number(&self) -> u32 {
        self.registration.number()
    }
}
