use super::*;
use http_body_util::BodyExt;
use proptest::prelude::*;
use std::io::Read;

fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
}

fn pieces() -> Vec<Bytes> {
    ["0123", "", "45", "6789"].map(Bytes::from).to_vec()
}

async fn fetch(response: Response) -> (StatusCode, Option<String>, Bytes) {
    let content_range =
        response.headers().get(header::CONTENT_RANGE).map(|value| value.to_str().unwrap().to_owned());
    let length =
        response.headers().get(header::CONTENT_LENGTH).map(|value| value.to_str().unwrap().to_owned());
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(length, Some(bytes.len().to_string()));
    (status, content_range, bytes)
}

#[tokio::test]
async fn a_range_is_answered_with_that_part() {
    for (range, part) in [
        ("bytes=0-0", "0"),
        ("bytes=3-4", "34"),
        ("bytes=5-", "56789"),
        ("bytes=-3", "789"),
        ("bytes=-99", "0123456789"),
        ("bytes=8-99", "89"),
        ("bytes=1-99999999999999999999", "123456789"),
    ] {
        let (response, len) = respond_pieces("video/mp2t", pieces(), &headers(header::RANGE, range));
        let (status, content_range, bytes) = fetch(response).await;
        assert_eq!(
            (status, &bytes[..], len),
            (StatusCode::PARTIAL_CONTENT, part.as_bytes(), part.len()),
            "{range}"
        );
        let first = "0123456789".find(part).unwrap();
        assert_eq!(content_range.unwrap(), format!("bytes {first}-{}/10", first + part.len() - 1));
    }
}

#[tokio::test]
async fn a_range_behind_the_end_is_refused_and_one_that_makes_no_sense_is_ignored() {
    for range in ["bytes=10-", "bytes=99-100", "bytes=-0"] {
        let (response, _) = respond_pieces("video/mp2t", pieces(), &headers(header::RANGE, range));
        let (status, content_range, bytes) = fetch(response).await;
        assert_eq!((status, bytes.len()), (StatusCode::RANGE_NOT_SATISFIABLE, 0), "{range}");
        assert_eq!(content_range.as_deref(), Some("bytes */10"));
    }
    for range in
        ["bytes=4-3", "bytes=a-b", "bytes=0-1,3-4", "bytes=", "bytes=-", "bytes=+1-2", "lines=1-2", "1-2"]
    {
        let (response, _) = respond_pieces("video/mp2t", pieces(), &headers(header::RANGE, range));
        let (status, content_range, bytes) = fetch(response).await;
        assert_eq!((status, &bytes[..]), (StatusCode::OK, &b"0123456789"[..]), "{range}");
        assert_eq!(content_range, None);
    }
}

#[tokio::test]
async fn a_range_under_a_condition_gets_everything() {
    let mut request = headers(header::RANGE, "bytes=1-2");
    request.insert(header::IF_RANGE, HeaderValue::from_static("\"x\""));
    let (response, _) = respond_pieces("video/mp2t", pieces(), &request);
    assert_eq!(fetch(response).await.0, StatusCode::OK);
}

proptest! {
    #[test]
    fn any_range_header_gives_a_part_of_the_whole(range in "bytes=[0-9,+-]{0,24}|\\PC{0,16}", cuts in prop::collection::vec(0usize..9, 0..6)) {
        let whole = Bytes::from_static(b"0123456789abcdef");
        let mut rest = whole.clone();
        let mut pieces: Vec<_> = cuts.iter().map(|&cut| rest.split_to(cut.min(rest.len()))).collect();
        pieces.push(rest);
        let Ok(value) = HeaderValue::from_str(&range) else { return Ok(()) };
        let request = HeaderMap::from_iter([(header::RANGE, value)]);
        if let Asked::Part(range) = super::range(&request, whole.len() as u64) {
            let range = range.start as usize..range.end as usize;
            let body = Pieces::of_range(pieces, range.clone());
            prop_assert_eq!(body.left, range.len());
            prop_assert_eq!(body.pieces.collect::<Vec<_>>().concat(), &whole[range]);
        }
    }
}

#[tokio::test]
async fn a_playlist_is_compressed_for_those_who_can_read_that() {
    let text = "#EXTINF:2.000,\n7.ts\n".repeat(50);
    let answer = Text::new("application/vnd.apple.mpegurl", text.clone());
    for (accept, is_gzip) in [
        ("gzip", true),
        ("br, GZIP;q=0.5", true),
        ("*", true),
        ("gzip;q=0", false),
        ("*, gzip;q=0", false),
        ("identity", false),
        ("br", false),
    ] {
        let (response, len) = answer.respond(&headers(header::ACCEPT_ENCODING, accept));
        assert_eq!(response.headers().contains_key(header::CONTENT_ENCODING), is_gzip, "{accept}");
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(bytes.len(), len);
        if is_gzip {
            assert!(len < text.len() / 4);
            let mut plain = String::new();
            flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut plain).unwrap();
            assert_eq!(plain, text);
        } else {
            assert_eq!(bytes, text);
        }
    }
    let short = Text::new("application/vnd.apple.mpegurl", "#EXTM3U\n".into());
    let (response, _) = short.respond(&headers(header::ACCEPT_ENCODING, "gzip"));
    assert!(!response.headers().contains_key(header::CONTENT_ENCODING));
}
