use super::*;
use crate::compat::testing;
use axum::body::Body;
use tower::ServiceExt;

const HERE: &str = "127.0.0.1";
const THERE: &str = "192.0.2.1";
const RIGHT: (&str, &str) = ("authorization", "Basic YWRtaW46Y29ycmVjdCBob3JzZQ==");
const WRONG: (&str, &str) = ("authorization", "Basic YWRtaW46d3Jvbmc=");
const PROXIED: (&str, &str) = ("x-forwarded-for", "192.0.2.7");
const CROSS_SITE: (&str, &str) = ("sec-fetch-site", "cross-site");

fn config(has_password: bool) -> Config {
    let mut config = Config::load(None).unwrap();
    if has_password {
        config.auth.admin_user = "admin".into();
        config.auth.admin_password = "correct horse".into();
    }
    config
}

async fn status(router: &Router, peer: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut request = request.body(Body::empty()).unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 5000)));
    router.clone().oneshot(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn every_route_lets_in_exactly_whom_it_should() {
    // What each route answers to those who may ask it.
    let routes = [
        ("GET", "/api/server", 200),
        ("GET", "/api/streams", 200),
        ("GET", "/api/streams/live/mark", 200),
        ("DELETE", "/api/streams/live/mark", 404),
        ("GET", "/stat", 200),
        ("GET", "/stat.xsl", 200),
        ("GET", "/control/drop/publisher?app=live&name=mark", 200),
        ("GET", "/control/redirect/client?app=live&newname=x", 501),
        ("GET", "/control/record/start?app=live&name=mark", 409),
        ("GET", "/metrics", 200),
    ];
    let open = 0;
    type Headers = &'static [(&'static str, &'static str)];
    let roles: [(&str, bool, &str, Headers, u16); 12] = [
        ("from here", false, HERE, &[], open),
        ("from here over IPv6", false, "::1", &[], open),
        ("from here by name", false, HERE, &[("host", "localhost:8000")], open),
        ("from here through a proxy", false, HERE, &[PROXIED], 403),
        ("from here by a foreign name", false, HERE, &[("host", "rebound.example:8000")], 403),
        ("from elsewhere", false, THERE, &[], 403),
        ("from elsewhere with a password nobody set", false, THERE, &[RIGHT], 403),
        ("from here when there is a password", true, HERE, &[], open),
        ("from elsewhere without the password", true, THERE, &[], 401),
        ("from elsewhere with a wrong password", true, THERE, &[WRONG], 401),
        ("from elsewhere with the password", true, THERE, &[RIGHT], open),
        ("through a proxy with the password", true, HERE, &[PROXIED, RIGHT], open),
    ];
    for (role, has_password, peer, headers, refusal) in roles {
        for (method, path, answer) in routes {
            let state = testing::state(config(has_password)).await;
            let router = crate::compat::router(&state);
            let expected = if refusal == open { answer } else { refusal };
            assert_eq!(
                status(&router, peer, method, path, headers).await,
                expected,
                "{role}: {method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_page_of_another_site_changes_nothing_even_with_the_operators_password() {
    let router = crate::compat::router(&testing::state(config(true)).await);
    for headers in
        [&[CROSS_SITE, RIGHT][..], &[("origin", "https://other.example"), ("host", "localhost"), RIGHT]]
    {
        for peer in [HERE, THERE] {
            assert_eq!(status(&router, peer, "GET", "/control/drop/publisher?app=live", headers).await, 403);
            let start = "/control/record/start?app=live&name=mark";
            assert_eq!(status(&router, peer, "GET", start, headers).await, 403);
            assert_eq!(status(&router, peer, "DELETE", "/api/streams/live/mark", headers).await, 403);
        }
    }
    let own =
        [("origin", "http://localhost:8000"), ("host", "localhost:8000"), ("sec-fetch-site", "same-origin")];
    assert_eq!(status(&router, HERE, "DELETE", "/api/streams/live/mark", &own).await, 404);
    assert_eq!(status(&router, HERE, "GET", "/stat", &[CROSS_SITE]).await, 401);
}

#[tokio::test]
async fn a_refusal_says_how_to_be_let_in() {
    for (has_password, name, header) in
        [(false, "auth.admin_user", None), (true, "auth.admin_user", Some("Basic"))]
    {
        let router = crate::compat::router(&testing::state(config(has_password)).await);
        let mut request = Request::builder().uri("/stat").body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 5000))));
        let response = router.oneshot(request).await.unwrap();
        let asked =
            response.headers().get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(asked.is_some(), header.is_some());
        assert!(testing::text(response).await.contains(name));
    }
}

fn ask(guard: &Guard, peer: &str, header: (&'static str, &'static str), now: Instant) -> Result<(), Denial> {
    let headers = HeaderMap::from_iter([(header.0.parse().unwrap(), HeaderValue::from_static(header.1))]);
    guard.allow(Some(peer.parse().unwrap()), &Method::GET, "/stat", &headers, now)
}

#[test]
fn who_guesses_has_to_wait_and_nobody_else() {
    let guard = Guard::new(&config(true));
    let now = Instant::now();
    for _ in 0..FAILURES_MAX {
        assert_eq!(ask(&guard, THERE, WRONG, now), Err(Denial::Credentials));
    }
    assert_eq!(ask(&guard, THERE, WRONG, now), Err(Denial::TooManyFailures));
    assert_eq!(ask(&guard, THERE, RIGHT, now), Err(Denial::TooManyFailures));
    assert_eq!(ask(&guard, "192.0.2.2", RIGHT, now), Ok(()));
    assert_eq!(ask(&guard, THERE, RIGHT, now + FAILURES_WINDOW), Ok(()));
}

#[test]
fn the_addresses_of_one_ipv6_network_are_one_guesser() {
    let guard = Guard::new(&config(true));
    let now = Instant::now();
    for number in 0..FAILURES_MAX {
        assert_eq!(ask(&guard, &format!("2001:db8::{number:x}"), WRONG, now), Err(Denial::Credentials));
    }
    assert_eq!(ask(&guard, "2001:db8::ffff", RIGHT, now), Err(Denial::TooManyFailures));
    assert_eq!(ask(&guard, "2001:db8:0:1::1", RIGHT, now), Ok(()));
}

#[test]
fn the_table_of_guessers_does_not_grow_without_end() {
    let guard = Guard::new(&config(true));
    let now = Instant::now();
    for number in 0..ADDRESSES_MAX as u32 + 100 {
        let peer = std::net::Ipv4Addr::from_bits(0x0A00_0000 + number).to_string();
        assert_eq!(ask(&guard, &peer, WRONG, now), Err(Denial::Credentials));
    }
    assert_eq!(guard.failures.lock().unwrap().len(), ADDRESSES_MAX);
}

#[test]
fn behind_a_trusted_proxy_the_one_who_guesses_is_the_one_it_names() {
    let mut config = config(true);
    config.http.trusted_proxy = "127.0.0.1".into();
    let guard = Guard::new(&config);
    let headers = |from: &'static str, (name, value): (&'static str, &'static str)| {
        let pairs = [("x-forwarded-for", from), (name, value)];
        HeaderMap::from_iter(
            pairs.map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))),
        )
    };
    let proxy = Some(IpAddr::from([127, 0, 0, 1]));
    let now = Instant::now();
    let allow = |headers| guard.allow(proxy, &Method::GET, "/stat", &headers, now);
    for _ in 0..FAILURES_MAX {
        // Only the last entry is the proxy's own; what stands before it can be made up.
        assert_eq!(allow(headers("203.0.113.5, 192.0.2.9", WRONG)), Err(Denial::Credentials));
    }
    assert_eq!(allow(headers("192.0.2.9", RIGHT)), Err(Denial::TooManyFailures));
    assert_eq!(allow(headers("203.0.113.5", RIGHT)), Ok(()));
}
