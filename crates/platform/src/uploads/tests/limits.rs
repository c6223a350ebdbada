//! What is refused, and how that is said.

use super::*;

#[tokio::test]
async fn what_is_no_video_is_refused_by_its_first_bytes_and_nothing_of_it_stays() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let playlist = b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n".to_vec();
    let mut picture = film(2000);
    picture[..8].copy_from_slice(b"\x89PNG\r\n\x1a\n");
    for (file, what) in
        [(playlist, "a playlist"), (picture, "a picture"), (b"PK\x03\x04".repeat(99), "an archive")]
    {
        let at = begun(&platform, &mark, file.len()).await;
        // It is known before all of it is there, and when the first request brings next to nothing.
        let answer = patch(&platform, &mark, &at, 0, &[], file[..4].to_vec()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        let answer = patch(&platform, &mark, &at, 4, &[], file[4..].to_vec()).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::UNSUPPORTED_MEDIA_TYPE, "upload_type"));
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(what) && message.contains("this server"), "{message}");
        assert_eq!(head(&platform, &mark, &at).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(files(&platform), 0);
    assert_eq!(mark.get("/api/v1/videos?mine=true").await.1["items"], json!([]));
}

#[tokio::test]
async fn heads_that_lie_or_lack_something_are_refused_in_words() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let metadata = format!("a {}", "A".repeat(5000));
    for (headers, code) in [
        (vec![], "upload_length"),
        (vec![("upload-length", "0")], "upload_length"),
        (vec![("upload-length", "-5")], "header"),
        (vec![("upload-length", "+5")], "header"),
        (vec![("upload-length", "1e3")], "header"),
        (vec![("upload-length", "99999999999999999999")], "header"),
        (vec![("upload-length", "9223372036854775807")], "upload_too_large"),
        (vec![("upload-length", "5"), ("upload-metadata", "filename !!")], "upload_metadata"),
        (vec![("upload-length", "5"), ("upload-metadata", metadata.as_str())], "upload_metadata"),
        (vec![("upload-length", "5"), ("upload-metadata", "privacy c2VjcmV0")], "privacy"),
    ] {
        let answer = tus(&platform, &mark, Method::POST, UPLOADS, &headers, Body::empty()).await;
        assert!(answer.status.is_client_error(), "{headers:?}");
        assert_eq!(answer.code(), code, "{headers:?}");
    }
    let at = begun(&platform, &mark, 1000).await;
    let body_type = ("content-type", "application/offset+octet-stream");
    for (headers, status, code) in [
        (vec![("upload-offset", "0")], 415, "upload_body_type"),
        (vec![body_type], 400, "upload_offset"),
        (vec![body_type, ("upload-offset", "-1")], 400, "header"),
        (vec![body_type, ("upload-offset", "5")], 409, "upload_offset"),
        (vec![body_type, ("upload-offset", "0"), ("content-length", "1001")], 413, "upload_too_long"),
        (vec![body_type, ("upload-offset", "0"), ("upload-checksum", "sha1")], 400, "upload_checksum"),
    ] {
        let answer = tus(&platform, &mark, Method::PATCH, &at, &headers, vec![0; 10]).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (status, code), "{headers:?}");
    }
    assert_eq!(head(&platform, &mark, &at).await.offset(), 0);
}

#[tokio::test]
async fn who_speaks_no_tus_is_told_which_version_is() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (status, answer) = mark.call(Method::POST, UPLOADS, None).await;
    assert_eq!((status, &answer["error"]["code"]), (StatusCode::PRECONDITION_FAILED, &json!("tus_version")));
    let answer = tus(&platform, &mark, Method::OPTIONS, UPLOADS, &[], Body::empty()).await;
    assert_eq!((answer.status, answer.header("tus-version")), (StatusCode::NO_CONTENT, "1.0.0"));
    assert_eq!(answer.header("tus-max-size"), "100000000");
    for extension in ["creation", "creation-with-upload", "termination", "expiration", "checksum"] {
        assert!(answer.header("tus-extension").split(',').any(|one| one == extension), "{extension}");
    }
}

#[tokio::test]
async fn more_than_was_announced_is_not_kept() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let at = begun(&platform, &mark, 1000).await;
    patch(&platform, &mark, &at, 0, &[], film(600)).await;
    let (sender, body) = slow();
    let bring = async {
        for _ in 0..5 {
            let _ = sender.send(Ok(Bytes::from(vec![1; 100]))).await;
        }
        drop(sender);
    };
    let (answer, ()) = tokio::join!(patch(&platform, &mark, &at, 600, &[], body), bring);
    assert_eq!((answer.status, answer.code()), (StatusCode::PAYLOAD_TOO_LARGE, "upload_too_long"));
    assert_eq!(head(&platform, &mark, &at).await.offset(), 600);
}

#[tokio::test]
async fn a_request_is_as_large_as_the_setting_says_at_most() {
    let mut config = config();
    config.uploads.chunk_bytes_max = 1000;
    let platform = platform_with(config).await;
    let mark = Client::new(&platform, "mark").await;
    let at = begun(&platform, &mark, 5000).await;
    let answer = patch(&platform, &mark, &at, 0, &[("content-length", "1001")], film(1001)).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::PAYLOAD_TOO_LARGE, "chunk_too_large"));
    assert!(answer.body.to_string().contains("uploads.chunk_bytes_max"));
    // Of one that does not say how large it is, what is within the limit is kept.
    let answer = patch(&platform, &mark, &at, 0, &[], film(1001)).await;
    assert_eq!(answer.code(), "chunk_too_large");
    assert_eq!(patch(&platform, &mark, &at, 0, &[], film(1000)).await.offset(), 1000);
}

#[tokio::test]
async fn a_request_that_brings_nothing_is_ended_and_what_came_is_kept() {
    let mut config = config();
    config.uploads.idle_timeout_ms = 50;
    let platform = platform_with(config).await;
    let mark = Client::new(&platform, "mark").await;
    let at = begun(&platform, &mark, 5000).await;
    let (sender, body) = slow();
    sender.send(Ok(Bytes::from(film(800)))).await.unwrap();
    let (answer, ()) = tokio::join!(patch(&platform, &mark, &at, 0, &[], body), async {
        tokio::time::sleep(Duration::from_millis(400)).await;
        drop(sender);
    });
    assert_eq!((answer.status, answer.code()), (StatusCode::REQUEST_TIMEOUT, "upload_idle"));
    assert_eq!(head(&platform, &mark, &at).await.offset(), 800);
}

#[tokio::test]
async fn nobody_reaches_the_upload_of_somebody_else() {
    let platform = platform().await;
    let (mark, eve) = (Client::new(&platform, "mark").await, Client::admin(&platform, "eve").await);
    let at = begun(&platform, &mark, 1000).await;
    assert_eq!(head(&platform, &eve, &at).await.status, StatusCode::NOT_FOUND);
    assert_eq!(patch(&platform, &eve, &at, 0, &[], film(100)).await.code(), "upload_not_found");
    assert_eq!(
        tus(&platform, &eve, Method::DELETE, &at, &[], Body::empty()).await.code(),
        "upload_not_found"
    );
    assert_eq!(eve.get(UPLOADS).await.1["items"], json!([]));
    assert_eq!(head(&platform, &mark, &at).await.offset(), 0);
}

#[tokio::test]
async fn a_user_has_so_many_uploads_and_so_many_bytes() {
    let mut config = config();
    (config.uploads.under_way_per_user_max, config.uploads.quota_bytes) = (2, 10_000);
    let platform = platform_with(config).await;
    let (mark, boss) = (Client::new(&platform, "mark").await, Client::admin(&platform, "boss").await);
    let answer = create(&platform, &mark, 10_001).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::PAYLOAD_TOO_LARGE, "quota_exceeded"));
    assert!(answer.body.to_string().contains("uploads.quota_bytes"), "{}", answer.body);
    let at = begun(&platform, &mark, 6000).await;
    assert_eq!(create(&platform, &mark, 6000).await.code(), "quota_exceeded");
    patch(&platform, &mark, &at, 0, &[], film(6000)).await;
    // It is a video now, and counts as before.
    assert_eq!(create(&platform, &mark, 6000).await.code(), "quota_exceeded");
    let (_, storage) = mark.get("/api/v1/me/storage").await;
    assert_eq!((&storage["videos_bytes"], &storage["left_bytes"]), (&json!(6000), &json!(4000)));

    let quota = format!("/api/v1/admin/users/{}/storage", mark.id);
    let (status, storage) = boss.put(&quota, json!({"quota_bytes": 20_000})).await;
    assert_eq!((status, &storage["left_bytes"]), (StatusCode::OK, &json!(14_000)));
    begun(&platform, &mark, 6000).await;
    begun(&platform, &mark, 6000).await;
    let answer = create(&platform, &mark, 1).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::CONFLICT, "too_many_uploads"));
    let (_, storage) = boss.put(&quota, json!({})).await;
    assert_eq!((&storage["quota_bytes"], &storage["left_bytes"]), (&json!(10_000), &json!(0)));
}

#[tokio::test]
async fn many_at_once_do_not_get_past_the_count() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let made = futures(10, async || create(&platform, &mark, 10).await.status).await;
    assert_eq!(made.iter().filter(|status| **status == StatusCode::CREATED).count(), 5);
}

/// All of them on this task, each going on while the others wait.
async fn futures<T>(count: usize, work: impl AsyncFn() -> T) -> Vec<T> {
    let mut running: Vec<_> = (0..count).map(|_| Box::pin(work())).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|cx| {
        running.retain_mut(|one| match one.as_mut().poll(cx) {
            Poll::Ready(result) => {
                done.push(result);
                false
            }
            Poll::Pending => true,
        });
        if running.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    done
}

#[tokio::test]
async fn a_disk_without_its_reserve_takes_nothing_and_says_so() {
    let mut config = config();
    config.uploads.disk_reserve_bytes = u64::MAX / 2;
    let platform = platform_with(config).await;
    let mark = Client::new(&platform, "mark").await;
    let answer = create(&platform, &mark, 1000).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::INSUFFICIENT_STORAGE, "disk_full"));
    let message = answer.body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("This server's disk") && message.contains("uploads.disk_reserve_bytes"),
        "{message}"
    );
    assert_eq!(mark.get("/api/v1/videos?mine=true").await.1["items"], json!([]));
}

#[tokio::test]
async fn clients_that_may_only_post_say_what_they_mean() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let at = begun(&platform, &mark, 1000).await;
    let headers = [
        ("x-http-method-override", "PATCH"),
        ("content-type", "application/offset+octet-stream"),
        ("upload-offset", "0"),
    ];
    let answer = tus(&platform, &mark, Method::POST, &at, &headers, film(900)).await;
    assert_eq!((answer.status, answer.offset()), (StatusCode::NO_CONTENT, 900));
    let delete = [("x-http-method-override", "DELETE")];
    let answer = tus(&platform, &mark, Method::POST, &at, &delete, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    let answer = tus(&platform, &mark, Method::POST, &at, &[], Body::empty()).await;
    assert_eq!(answer.code(), "method_override");
}
