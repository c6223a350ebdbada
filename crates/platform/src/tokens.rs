//! Signed tokens in addresses of streams (`?sign=`), which the server makes and checks.

use hub::{Action, StreamPath};
use std::time::Duration;

/// Makes and checks them.
pub trait Tokens: Send + Sync {
    /// A token for `action` on `path`, good for `ttl`.
    fn sign(&self, action: Action, path: &StreamPath, ttl: Duration) -> String;

    /// Whether `token` is good for `action` on `path`; else why not.
    fn check(&self, action: Action, path: &StreamPath, token: &str) -> Result<(), String>;

    /// Whether a token is for one action alone. Node-Media-Server's are not, so they do not open a room for publishing.
    fn are_scoped(&self) -> bool;
}

/// A token to watch is good for this long.
pub const PLAY_TTL: Duration = Duration::from_secs(6 * 3600);
/// A token to publish is good for this long: what the tutorial's 10^8 ms are, about.
pub const PUBLISH_TTL: Duration = Duration::from_secs(100_000);
