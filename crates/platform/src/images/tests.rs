use crate::Platform;
use crate::testing::{Client, config, platform, platform_with};
use axum::extract::ConnectInfo;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use serde_json::{Value, json};
use std::io::Cursor;
use std::net::SocketAddr;
use std::sync::Arc;
use tower::ServiceExt;

fn picture(width: u32, height: u32, alpha: u8, format: ImageFormat) -> Vec<u8> {
    let pixels =
        RgbaImage::from_fn(width, height, |x, y| Rgba([(x % 256) as u8, (y % 256) as u8, 99, alpha]));
    let picture = DynamicImage::ImageRgba8(pixels);
    let picture =
        if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(picture.to_rgb8()) } else { picture };
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), format).unwrap();
    bytes
}

async fn upload(client: &Client, platform: &Arc<Platform>, kind: &str, file: Vec<u8>) -> (StatusCode, Value) {
    let mut request = Request::post(format!("/api/v1/images?kind={kind}"));
    if let Some(token) = &client.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let request = request.extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5000))));
    let (router, _) = crate::routes().split_for_parts();
    let router = router.with_state(platform.clone());
    let response = router.oneshot(request.body(axum::body::Body::from(file)).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn fetch(platform: &Arc<Platform>, path: &str) -> (StatusCode, http::HeaderMap, Vec<u8>) {
    let router = super::files().with_state(platform.clone());
    let response = router.oneshot(Request::get(path).body(axum::body::Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

#[tokio::test]
async fn a_picture_comes_back_in_the_size_of_its_kind_and_with_nothing_else_in_it() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    for (kind, file, width, height, ending) in [
        ("avatar", picture(640, 480, 255, ImageFormat::Png), 256, 256, ".jpg"),
        ("cover", picture(2000, 1000, 255, ImageFormat::Jpeg), 1280, 640, ".jpg"),
        ("cover", picture(320, 180, 255, ImageFormat::WebP), 320, 180, ".jpg"),
        ("gift", picture(600, 300, 128, ImageFormat::Png), 256, 128, ".png"),
    ] {
        let mut file = file;
        file.extend_from_slice(b"<script>alert(1)</script>");
        let (status, made) = upload(&mark, &platform, kind, file).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert_eq!((&made["width"], &made["height"]), (&json!(width), &json!(height)), "{kind}");
        let url = made["url"].as_str().unwrap();
        assert!(url.starts_with("/media/images/") && url.ends_with(ending), "{url}");
        let (status, headers, bytes) = fetch(&platform, url).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert!(!bytes.windows(8).any(|window| window == b"<script>"), "what was behind the picture is gone");
        let again = image::load_from_memory(&bytes).unwrap();
        assert_eq!((again.width(), again.height()), (width, height));
        let (status, me) = mark.patch("/api/v1/me", json!({"avatar": url})).await;
        assert_eq!((status, &me["avatar"]), (StatusCode::OK, &json!(url)));
    }
    let list = mark.get("/api/v1/me/images").await.1;
    assert_eq!(list["items"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn what_is_no_picture_or_a_bomb_is_refused_with_the_reason() {
    let mut config = config();
    config.images.upload_bytes_max = 200_000;
    config.images.pixels_max = 1_000_000;
    let platform = platform_with(config).await;
    let mark = Client::new(&platform, "mark").await;
    // A PNG that says it is 60000 pixels wide and high.
    let mut bomb = picture(8, 8, 255, ImageFormat::Png);
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let good = picture(400, 300, 255, ImageFormat::Png);
    for (file, code) in [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>".to_vec(), "image_format"),
        (Vec::new(), "image_format"),
        (b"GIF89a\x01\0\x01\0".to_vec(), "image_format"),
        (good[..good.len() / 2].to_vec(), "image_broken"),
        (bomb, "image_broken"),
        (picture(1200, 1000, 255, ImageFormat::WebP), "image_too_large"),
        (vec![0x89; 200_001], "image_too_large"),
    ] {
        let (status, answer) = upload(&mark, &platform, "cover", file).await;
        assert!(status.is_client_error(), "{answer}");
        let found = &answer["error"]["code"];
        assert!(found == code || (code == "image_broken" && found == "image_too_large"), "{code}: {answer}");
    }
    assert_eq!(upload(&mark, &platform, "poster", good.clone()).await.0, StatusCode::BAD_REQUEST);
    assert_eq!(
        upload(&Client::anonymous(&platform), &platform, "cover", good).await.0,
        StatusCode::UNAUTHORIZED
    );
    for name in ["../../weir.db", "..%2F..%2Fweir.db", "a.png", "aaaaaaaaaaaaaaaaaaaaaaaa.part"] {
        let (status, ..) = fetch(&platform, &format!("/media/images/{name}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{name}");
    }
}

#[tokio::test]
async fn the_oldest_picture_that_is_used_nowhere_makes_room_and_only_its_owner_takes_one_away() {
    let mut config = config();
    config.images.per_user_max = 2;
    let platform = platform_with(config).await;
    let (mark, eve) = (Client::new(&platform, "mark").await, Client::new(&platform, "eve").await);
    let file = || picture(64, 64, 255, ImageFormat::Png);
    let first = upload(&mark, &platform, "avatar", file()).await.1;
    mark.patch("/api/v1/me", json!({"avatar": first["url"]})).await;
    let second = upload(&mark, &platform, "cover", file()).await.1;
    let third = upload(&mark, &platform, "cover", file()).await.1;
    assert_eq!(fetch(&platform, first["url"].as_str().unwrap()).await.0, StatusCode::OK, "in use");
    assert_eq!(fetch(&platform, second["url"].as_str().unwrap()).await.0, StatusCode::NOT_FOUND);
    mark.post("/api/v1/rooms", json!({"title": "t", "cover": third["url"]})).await;
    assert_eq!(upload(&mark, &platform, "cover", file()).await.1["error"]["code"], "too_many_images");
    let path = format!("/api/v1/images/{}", third["id"]);
    assert_eq!(eve.delete(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(mark.delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(fetch(&platform, third["url"].as_str().unwrap()).await.0, StatusCode::NOT_FOUND);
}

/// A server that gives `answers` by path, on loopback.
async fn web(answers: Vec<(&'static str, StatusCode, Vec<u8>)>) -> SocketAddr {
    let mut router = axum::Router::new();
    for (path, status, body) in answers {
        let answer = async move || (status, [(header::LOCATION, "http://127.0.0.1/")], body);
        router = router.route(path, axum::routing::get(answer));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    address
}

#[tokio::test]
async fn a_picture_at_a_web_address_becomes_one_of_ours_and_nothing_in_the_local_network_is_asked() {
    let address = web(vec![
        ("/a.png", StatusCode::OK, picture(64, 48, 255, ImageFormat::Png)),
        ("/page", StatusCode::OK, b"<html>".to_vec()),
        ("/moved", StatusCode::FOUND, Vec::new()),
        ("/large", StatusCode::OK, vec![0; 200_000]),
    ])
    .await;
    let mut config = config();
    config.images.upload_bytes_max = 100_000;
    config.outbound.allow = vec![format!("127.0.0.1:{}", address.port()).parse().unwrap()];
    let platform = platform_with(config).await;
    let mark = Client::new(&platform, "mark").await;
    let cover = |path: &str| json!({"title": "t", "cover": format!("http://{address}{path}")});
    let (status, room) = mark.post("/api/v1/rooms", cover("/a.png")).await;
    assert_eq!(status, StatusCode::CREATED, "{room}");
    let url = room["cover"].as_str().unwrap();
    assert!(url.starts_with("/media/images/"), "{url}");
    assert_eq!(fetch(&platform, url).await.0, StatusCode::OK);
    let (_, me) = mark.patch("/api/v1/me", json!({"avatar": format!("http://{address}/a.png")})).await;
    assert!(me["avatar"].as_str().unwrap().starts_with("/media/images/"), "{me}");
    for (path, code) in [
        ("/page", "image_format"),
        ("/moved", "image_unreachable"),
        ("/none", "image_unreachable"),
        ("/large", "image_unreachable"),
    ] {
        assert_eq!(mark.post("/api/v1/rooms", cover(path)).await.1["error"]["code"], code, "{path}");
    }
    for url in [
        "http://127.0.0.1/a.png",
        "http://localhost:9/a.png",
        "http://169.254.169.254/latest",
        "http://[::1]/a",
    ] {
        let (status, answer) = mark.patch("/api/v1/me", json!({"avatar": url})).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{url}: {answer}");
        assert_eq!(answer["error"]["code"], "image_unreachable", "{url}");
    }
}
