use super::{ready, video};
use crate::testing::{Client, platform};
use crate::{Platform, db};
use http::{Method, StatusCode};
use serde_json::json;

async fn titles(client: &Client, query: &str) -> Vec<String> {
    let (mut path, mut all) = (format!("/api/v1/videos?limit=2&{query}"), Vec::new());
    loop {
        let (status, page) = client.get(&path).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let items = page["items"].as_array().unwrap();
        all.extend(items.iter().map(|video| video["title"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_i64() else { return all };
        path = format!("/api/v1/videos?limit=2&{query}&cursor={next}");
    }
}

async fn set(platform: &Platform, address: &str, views: i64, likes: i64) {
    let id = address.rsplit('/').next().unwrap();
    let set = db::sql("UPDATE videos SET view_count = $2, like_count = $3 WHERE public_id = $1");
    platform.db.execute(set.bind(id).bind(views).bind(likes)).await.unwrap();
}

#[tokio::test]
async fn videos_are_found_by_any_two_characters_of_title_owner_and_labels() {
    let platform = platform().await;
    let (mark, anna) = (Client::new(&platform, "mark").await, Client::new(&platform, "anna").await);
    let guitar = ready(&platform, &mark, "深夜吉他弹唱").await;
    mark.patch(&guitar, json!({"labels": ["音乐", "Chill Beats"], "category": "music"})).await;
    ready(&platform, &anna, "午后聊天").await;
    for q in ["吉他", "夜吉", "音乐", "%E4%B9%90", "CHILL", "ch%20ts", "mark%20吉他", "label=chill%20beats"]
    {
        let query = if q.contains('=') { q.to_owned() } else { format!("q={q}") };
        assert_eq!(titles(&anna, &query).await, ["深夜吉他弹唱"], "{query}");
    }
    assert_eq!(titles(&anna, "category=music").await.len(), 1);
    assert_eq!(titles(&anna, "origin=clip").await, [""; 0]);
    assert_eq!(titles(&anna, &format!("user_id={}", anna.id)).await, ["午后聊天"]);
    assert_eq!(titles(&anna, "q=anna").await, ["午后聊天"]);
    anna.patch("/api/v1/me", json!({"nickname": "小安"})).await;
    assert_eq!(titles(&mark, "q=小安").await, ["午后聊天"], "by the name of now");
    assert_eq!(titles(&mark, "q=吉聊").await, [""; 0]);
    assert_eq!(titles(&mark, "q=%27%25_%22").await, [""; 0]);
    mark.patch(&guitar, json!({"title": "renamed", "labels": []})).await;
    assert_eq!((titles(&anna, "q=吉他").await.len(), titles(&anna, "q=renamed").await.len()), (0, 1));
}

#[tokio::test]
async fn lists_go_by_what_is_newest_most_viewed_or_most_liked_and_on_where_the_page_ended() {
    let platform = platform().await;
    let (mark, fan) = (Client::new(&platform, "mark").await, Client::new(&platform, "fan").await);
    let other = Client::new(&platform, "other").await;
    for (title, views, likes) in [("a", 5, 1), ("b", 9, 0), ("c", 5, 2), ("d", 0, 2), ("e", 5, 2)] {
        let owner = if title == "d" { &other } else { &mark };
        set(&platform, &ready(&platform, owner, title).await, views, likes).await;
    }
    video(&platform, &mark, "unfinished").await;
    for (query, wanted) in [
        ("", "edcba"),
        ("sort=newest", "edcba"),
        ("category=&label=&origin=&q=", "edcba"),
        ("sort=views", "becad"),
        ("sort=likes", "edcab"),
        ("following=true", ""),
    ] {
        assert_eq!(titles(&fan, query).await.concat(), wanted, "{query}");
    }
    fan.put(&format!("/api/v1/users/{}/follow", mark.id), json!({})).await;
    assert_eq!(titles(&fan, "following=true").await.concat(), "ecba");
    assert_eq!(titles(&fan, "following=true&sort=views").await.concat(), "beca");
    assert_eq!(titles(&mark, "mine=true").await[0], "unfinished");
    assert_eq!(titles(&mark, "mine=true&sort=views").await.len(), 5);
    let nobody = Client::anonymous(&platform);
    assert_eq!(nobody.get("/api/v1/videos?mine=true").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(nobody.get("/api/v1/videos?sort=best").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_was_private_for_long_is_new_when_everybody_may_watch_it() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let old = ready(&platform, &mark, "old").await;
    let reset = db::sql("UPDATE videos SET public_at = NULL, privacy = 'private'");
    platform.db.execute(reset).await.unwrap();
    ready(&platform, &mark, "new").await;
    tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    mark.patch(&old, json!({"privacy": "public"})).await;
    assert_eq!(titles(&mark, "").await, ["old", "new"]);
}

#[tokio::test]
async fn videos_put_aside_are_on_ones_own_list_until_taken_off_or_made_private() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let later = "/api/v1/me/videos/later";
    let mut entries = Vec::new();
    for title in ["a", "b"] {
        let address = ready(&platform, &owner, title).await;
        let entry = format!("{later}/{}", address.rsplit('/').next().unwrap());
        for _ in 0..2 {
            assert_eq!(fan.call(Method::PUT, &entry, None).await.0, StatusCode::NO_CONTENT);
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        assert_eq!(fan.get(&address).await.1["is_for_later"], true);
        assert_eq!(owner.get(&address).await.1["is_for_later"], false);
        entries.push((address, entry));
    }
    let titles = async || {
        let (_, page) = fan.get(later).await;
        let items = page["items"].as_array().unwrap().clone();
        items.into_iter().map(|video| video["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(titles().await, ["b", "a"]);
    assert_eq!(owner.get(later).await.1["items"], json!([]));
    owner.patch(&entries[1].0, json!({"privacy": "private"})).await;
    assert_eq!(titles().await, ["a"]);
    for (_, entry) in &entries {
        assert_eq!(fan.delete(entry).await.0, StatusCode::NO_CONTENT);
    }
    assert_eq!(titles().await, [""; 0]);
    assert_eq!(fan.call(Method::PUT, &format!("{later}/nothing"), None).await.0, StatusCode::NOT_FOUND);
}
