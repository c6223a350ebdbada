//! Who may use the surfaces for operators: `/api/server`, `/api/streams`, `/stat`, `/control`, `/metrics`.
//!
//! From this machine anybody; from elsewhere whoever knows `auth.admin_user` and `auth.admin_password` (HTTP Basic, RFC
//! 7617), and nobody when these are not set. A request counts as coming from elsewhere as well when a proxy passed it
//! on, when a page of another site makes the operator's browser send it, or when it names a host that is not this
//! machine (a foreign name may be pointed at a loopback address).

use crate::app::State;
use crate::config::{Auth, Config};
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use gateway::delivery::http::error_response;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use subtle::ConstantTimeEq;

/// Closes every route of `router` to those who may not use it.
pub fn protect(router: Router, state: &Arc<State>) -> Router {
    let guard = state.guard.clone();
    router.layer(middleware::from_fn(move |request: Request, next: Next| {
        let guard = guard.clone();
        async move {
            let peer = request
                .extensions()
                .get::<ConnectInfo<SocketAddr>>()
                .map(|ConnectInfo(address)| address.ip());
            match guard.allow(peer, request.method(), request.uri().path(), request.headers(), Instant::now())
            {
                Ok(()) => next.run(request).await,
                Err(denial) => denial.into_response(),
            }
        }
    }))
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Denial {
    #[error(
        "name and password are needed (HTTP Basic); they are set as auth.admin_user and auth.admin_password"
    )]
    Credentials,
    #[error(
        "only this machine may ask; set auth.admin_user and auth.admin_password to let others in with name and password"
    )]
    Closed,
    #[error("a page of another site may not do this")]
    CrossSite,
    #[error("too many wrong passwords from this address; wait {} seconds", FAILURES_WINDOW.as_secs())]
    TooManyFailures,
}

impl IntoResponse for Denial {
    fn into_response(self) -> Response {
        let (status, code) = match self {
            Self::Credentials => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::Closed => (StatusCode::FORBIDDEN, "admin_closed"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "cross_site"),
            Self::TooManyFailures => (StatusCode::TOO_MANY_REQUESTS, "too_many_failures"),
        };
        let mut response = error_response(status, code, &self.to_string());
        let headers = response.headers_mut();
        match self {
            Self::Credentials => {
                let basic = HeaderValue::from_static("Basic realm=\"Weir\", charset=\"UTF-8\"");
                headers.insert(header::WWW_AUTHENTICATE, basic);
            }
            Self::TooManyFailures => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(FAILURES_WINDOW.as_secs()));
            }
            Self::Closed | Self::CrossSite => {}
        }
        response
    }
}

/// Decides, and remembers who guesses. There is one for all surfaces.
pub struct Guard {
    /// Digest of `user:password`, when they are set.
    credentials: Option<[u8; 32]>,
    trusted_proxy: Option<IpAddr>,
    failures: Mutex<HashMap<IpAddr, Failures>>,
}

/// Wrong passwords from one address.
struct Failures {
    count: u32,
    since: Instant,
}

/// Wrong passwords from one address within [`FAILURES_WINDOW`]; further attempts are not even looked at.
const FAILURES_MAX: u32 = 10;
const FAILURES_WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered at most; the one whose failures are oldest is forgotten for a new one.
const ADDRESSES_MAX: usize = 4096;

impl Guard {
    /// With the name and password of the settings.
    pub fn new(config: &Config) -> Self {
        let Auth { admin_user, admin_password, .. } = &config.auth;
        let is_set = !admin_user.is_empty() && !admin_password.is_empty();
        Self {
            credentials: is_set.then(|| Sha256::digest(format!("{admin_user}:{admin_password}")).into()),
            trusted_proxy: config.http.trusted_proxy.parse().ok(),
            failures: Mutex::default(),
        }
    }

    /// May `peer` do this? Without a known peer it counts as somebody from elsewhere.
    fn allow(
        &self,
        peer: Option<IpAddr>,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<(), Denial> {
        let is_cross_site = is_cross_site(headers);
        // Reading is harmless without CORS headers: the page does not get to see the answer.
        let changes_something =
            !matches!(*method, Method::GET | Method::HEAD) || path.starts_with("/control/");
        if is_cross_site && changes_something {
            return Err(Denial::CrossSite);
        }
        let is_here = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
        if is_here && !is_cross_site && !is_proxied(headers) && names_this_machine(headers) {
            return Ok(());
        }
        let credentials = self.credentials.as_ref().ok_or(Denial::Closed)?;
        let address = self.guesser(peer, headers);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, failures| now.saturating_duration_since(failures.since) < FAILURES_WINDOW);
        if failures.get(&address).is_some_and(|failures| failures.count >= FAILURES_MAX) {
            return Err(Denial::TooManyFailures);
        }
        let given = basic_credentials(headers).ok_or(Denial::Credentials)?;
        if Sha256::digest(given).ct_eq(credentials).into() {
            failures.remove(&address);
            return Ok(());
        }
        if failures.len() >= ADDRESSES_MAX && !failures.contains_key(&address) {
            let oldest =
                failures.iter().min_by_key(|(_, failures)| failures.since).map(|(address, _)| *address);
            oldest.and_then(|oldest| failures.remove(&oldest));
        }
        failures.entry(address).or_insert(Failures { count: 0, since: now }).count += 1;
        tracing::warn!(remote = %address, "a wrong name or password for the operators' pages");
        Err(Denial::Credentials)
    }

    /// Whose failures these are: the peer, or whom a trusted proxy names. Of IPv6 the network, since anybody who has
    /// one address has all of its 2^64.
    fn guesser(&self, peer: Option<IpAddr>, headers: &HeaderMap) -> IpAddr {
        let peer = peer.map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.to_canonical());
        let named = || {
            headers.get("x-forwarded-for")?.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok()
        };
        let address = match self.trusted_proxy {
            Some(proxy) if proxy == peer => named().unwrap_or(peer).to_canonical(),
            _ => peer,
        };
        match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64))),
        }
    }
}

/// `user:password` of an `Authorization: Basic` header.
fn basic_credentials(headers: &HeaderMap) -> Option<Vec<u8>> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let is_basic = scheme.eq_ignore_ascii_case("basic");
    is_basic.then(|| base64::engine::general_purpose::STANDARD.decode(token.trim()).ok()).flatten()
}

/// Headers that only proxies add.
const PROXY_HEADERS: [&str; 6] =
    ["x-forwarded-for", "forwarded", "x-real-ip", "via", "x-forwarded-host", "x-forwarded-proto"];

fn is_proxied(headers: &HeaderMap) -> bool {
    PROXY_HEADERS.iter().any(|name| headers.contains_key(*name))
}

/// Whether a browser says that another site's page sends this (Fetch Metadata).
fn is_cross_site(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site != "same-origin" && site != "none",
        // Browsers without Fetch Metadata still say where a page is from when it sends anything but plain GETs.
        None => headers.get(header::ORIGIN).is_some_and(|origin| {
            let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
            origin
                .to_str()
                .ok()
                .and_then(|origin| origin.split_once("://"))
                .is_none_or(|(_, origin)| origin != host)
        }),
    }
}

/// Whether the request asks for this machine by a name that cannot be anybody else's, or by none.
fn names_this_machine(headers: &HeaderMap) -> bool {
    let Some(host) = headers.get(header::HOST) else { return true };
    let Ok(host) = Authority::try_from(host.as_bytes()) else { return false };
    let name = host.host().trim_start_matches('[').trim_end_matches(']');
    let address = name.parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests;
