use super::*;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const LIMIT: Duration = Duration::from_secs(5);

fn allow(entries: &[&str]) -> Config {
    Config { allow: entries.iter().map(|entry| entry.parse().unwrap()).collect() }
}

async fn call(config: &Config, url: &str) -> Result<StatusCode, Error> {
    post(config, url, HeaderMap::new(), Bytes::from_static(b"{}"), LIMIT).await
}

/// Counts who comes, and gives everybody `answer`.
async fn listen(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
    let counter = count.clone();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            counter.fetch_add(1, SeqCst);
            let mut request = [0; 4096];
            let _ = socket.read(&mut request).await;
            let _ = socket.write_all(answer.as_bytes()).await;
        }
    });
    (port, count)
}

#[tokio::test]
async fn no_form_of_a_local_address_is_called() {
    let (port, canary) = listen("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    for host in [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "localhost",
        "LOCALHOST",
        "0.0.0.0",
        "0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "10.0.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ] {
        let url = format!("http://{host}:{port}/");
        let error = call(&allow(&[]), &url).await.unwrap_err();
        assert!(matches!(error, Error::Local { .. }), "{host}: {error}");
        let error = check(&allow(&[]), &url, LIMIT).await.unwrap_err();
        assert!(error.to_string().contains("outbound.allow"), "{host}: {error}");
    }
    assert_eq!(canary.load(SeqCst), 0);
}

#[tokio::test]
async fn what_is_no_web_address_is_refused() {
    for url in [
        "",
        "/hook",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/",
        "http://",
        "http:///x",
        "http://user:password@example.org/",
        "http://127.0.0.1@example.org/",
        "http://example.org:99999/",
        "http://example.org:/",
        "http://a b/",
        "http://１２７.0.0.1/",
    ] {
        let error = call(&allow(&["0.0.0.0/0"]), url).await.unwrap_err();
        assert!(matches!(error, Error::Url(_)), "{url}: {error}");
    }
    let long = format!("http://127.0.0.1/{}", "x".repeat(URL_BYTES_MAX));
    assert!(matches!(call(&allow(&[]), &long).await, Err(Error::Url(_))));
}

#[test]
fn a_name_with_one_foot_in_the_local_network_is_refused() {
    let addresses = ["93.184.215.14:80".parse().unwrap(), "192.168.0.7:80".parse().unwrap()];
    let error = only_permitted(&allow(&[]), "two.example", &addresses).unwrap_err();
    assert!(
        matches!(&error, Error::Local { address, .. } if address.to_string() == "192.168.0.7"),
        "{error}"
    );
    only_permitted(&allow(&[]), "two.example", &addresses[..1]).unwrap();
    only_permitted(&allow(&["192.168.0.0/16"]), "two.example", &addresses).unwrap();
}

#[tokio::test]
async fn what_an_operator_allows_is_called_and_nothing_beside_it() {
    let (port, count) = listen("HTTP/1.1 204 No Content\r\n\r\n").await;
    let config = allow(&[&format!("127.0.0.1:{port}")]);
    assert_eq!(
        call(&config, &format!("http://127.0.0.1:{port}/hook")).await.unwrap(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(count.load(SeqCst), 1);
    let (other, canary) = listen("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(matches!(call(&config, &format!("http://127.0.0.1:{other}/")).await, Err(Error::Local { .. })));
    assert_eq!(canary.load(SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (canary_port, canary) = listen("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let answer =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:{canary_port}/\r\n\r\n");
    let (port, _) = listen(answer.leak()).await;
    let status = call(&allow(&["127.0.0.1"]), &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!((status, canary.load(SeqCst)), (StatusCode::TEMPORARY_REDIRECT, 0));
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let endless_head = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(1 << 20));
    let (port, _) = listen(endless_head.leak()).await;
    let error = call(&allow(&["127.0.0.1"]), &format!("http://127.0.0.1:{port}/")).await.unwrap_err();
    assert!(matches!(error, Error::Http { .. }), "{error}");
    // The body is promised and never comes; nobody waits for it.
    let (port, _) = listen("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n").await;
    let status = call(&allow(&["127.0.0.1"]), &format!("http://127.0.0.1:{port}/")).await.unwrap();
    assert_eq!(status, StatusCode::OK);
}

#[tokio::test]
async fn who_never_answers_is_left() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let limit = Duration::from_millis(100);
    let error = post(&allow(&["127.0.0.1"]), &url, HeaderMap::new(), Bytes::new(), limit).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
}

#[tokio::test]
async fn tls_asks_for_the_name_that_was_typed_in_and_not_for_its_address() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hello = tokio::spawn(async move {
        let mut hello = vec![0; 4096];
        let (mut socket, _) = listener.accept().await.unwrap();
        let count = socket.read(&mut hello).await.unwrap();
        hello.truncate(count);
        hello
    });
    let error = call(&allow(&["localhost"]), &format!("https://localhost:{port}/")).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");
    let hello = hello.await.unwrap();
    assert!(hello.windows(9).any(|part| part == b"localhost"), "no server name in {hello:?}");
}
