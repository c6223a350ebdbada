//! The interfaces of other servers, one file each, and the metrics: for operators and closed to others
//! ([`crate::admin`]), but for the room tutorial's, which is for everybody.

mod nginx_rtmp;
mod node_media_server;
mod stat_xml;
#[cfg(test)]
pub mod testing;
mod tutorial;

use crate::app::State;
use crate::{admin, metrics};
use axum::Router;
use std::sync::Arc;

/// All their routes.
pub fn router(state: &Arc<State>) -> Router {
    let open = Router::new()
        .merge(node_media_server::router(state))
        .merge(nginx_rtmp::router(state))
        .merge(metrics::router(state));
    admin::protect(open, state).merge(tutorial::router(state))
}

/// A video profile's name as these servers print it: they look at the profile number and not at the constraints.
fn profile_name(profile: &'static str) -> &'static str {
    profile.strip_prefix("Constrained ").unwrap_or(profile)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_constrained_profile_goes_by_the_name_of_its_number() {
        assert_eq!(super::profile_name("Constrained Baseline"), "Baseline");
        assert_eq!(super::profile_name("High 10"), "High 10");
    }
}
