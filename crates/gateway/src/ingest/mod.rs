//! The ways in: one file each, and the clients that fetch from or publish to other servers.

pub mod dial;
pub mod http_client;
pub mod http_flv;
pub mod pull;
pub mod rtmp;
pub mod rtmp_client;
