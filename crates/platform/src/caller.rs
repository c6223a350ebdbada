//! Who calls: the person behind a request, found from its session.

use crate::accounts::{self, User, api_tokens};
use crate::{Error, Platform, Result};
use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath};
use http::request::Parts;
use http::{HeaderMap, Method, header};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

/// Name of the cookie that holds a browser's session token.
pub const SESSION_COOKIE: &str = "weir_session";

/// Who calls, signed in or not. An extractor for handlers.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The person, when signed in.
    pub user: Option<Arc<User>>,
    /// The session, when signed in by one.
    pub session_id: Option<i64>,
    /// The address it calls from.
    pub address: IpAddr,
    /// What its program says it is, cut to 200 characters.
    pub user_agent: String,
}

impl Caller {
    /// The person; 401 when nobody is signed in.
    pub fn user(&self) -> Result<&Arc<User>> {
        self.user.as_ref().ok_or_else(|| Error::unauthorized("not_signed_in", "Sign in first."))
    }

    /// The person, when an admin; else 401 or 403.
    pub fn admin(&self) -> Result<&Arc<User>> {
        let user = self.user()?;
        if user.is_admin() {
            Ok(user)
        } else {
            Err(Error::forbidden("admins_only", "Only admins may do this."))
        }
    }
}

impl FromRequestParts<Arc<Platform>> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, platform: &Arc<Platform>) -> Result<Self> {
        let address = address(parts, platform.config.trusted_proxy);
        let user_agent = text_header(&parts.headers, header::USER_AGENT.as_str()).unwrap_or_default();
        let user_agent = user_agent.chars().take(200).collect();
        let (user, session_id) = match credential(&parts.headers) {
            None => (None, None),
            Some((token, by_cookie)) => {
                if by_cookie && !is_safe(&parts.method) && !is_same_site(&parts.headers) {
                    return Err(Error::forbidden("cross_site", "A page of another site may not do this."));
                }
                match accounts::identify(platform, token).await? {
                    Some(identity) => {
                        let path = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
                        let needed = api_tokens::needed(&parts.method, path);
                        if !identity.has(needed) {
                            return Err(scope_missing(needed));
                        }
                        (Some(identity.user), identity.session_id)
                    }
                    // A cookie goes with every request, also long after its session; a token is shown on purpose.
                    None if by_cookie => (None, None),
                    None => {
                        return Err(Error::unauthorized(
                            "session_ended",
                            "This session has ended; sign in again.",
                        ));
                    }
                }
            }
        };
        Ok(Self { user, session_id, address, user_agent })
    }
}

fn scope_missing(needed: Option<api_tokens::Scope>) -> Error {
    Error::forbidden(
        "token_scope",
        match needed {
            Some(scope) => format!("This API token lacks the scope {}.", scope.word()),
            None => "No API token may do this; sign in.".to_owned(),
        },
    )
}

/// The token a request shows, and whether a cookie brought it.
pub(crate) fn credential(headers: &HeaderMap) -> Option<(&str, bool)> {
    if let Some(value) = text_header(headers, header::AUTHORIZATION.as_str()) {
        return value.strip_prefix("Bearer ").map(|token| (token.trim(), false));
    }
    if let Some(token) = text_header(headers, "token") {
        return Some((token, false));
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == SESSION_COOKIE).map(|(_, token)| (token, true))
}

fn text_header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Browsers send `Origin` with every request that changes something; `null` and other hosts are other sites.
pub(crate) fn is_same_site(headers: &HeaderMap) -> bool {
    let host = text_header(headers, header::HOST.as_str());
    let origin = text_header(headers, header::ORIGIN.as_str()).and_then(|origin| origin.split_once("://"));
    matches!((origin, host), (Some((_, origin)), Some(host)) if origin.eq_ignore_ascii_case(host))
}

fn address(parts: &Parts, trusted_proxy: Option<IpAddr>) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    let peer =
        peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(address)| address.ip().to_canonical());
    if trusted_proxy != Some(peer) {
        return peer;
    }
    // The last entry is the one the trusted proxy wrote itself.
    let forwarded = text_header(&parts.headers, "x-forwarded-for");
    let last = forwarded.and_then(|list| list.rsplit(',').next()).and_then(|entry| entry.trim().parse().ok());
    last.unwrap_or(peer)
}
