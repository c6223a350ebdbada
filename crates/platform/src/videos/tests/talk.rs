use super::{ready, room_of};
use crate::testing::{Client, platform, platform_with};
use crate::videos::{self, NewVideo, Origin, State};
use http::StatusCode;
use serde_json::{Value, json};

fn texts(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["content"].as_str().unwrap()).collect()
}

async fn say(who: &Client, address: &str, content: &str, parent: Option<i64>) -> i64 {
    let body = json!({"content": content, "parent_id": parent});
    let (status, said) = who.post(&format!("{address}/comments"), body).await;
    assert_eq!(status, StatusCode::CREATED, "{said}");
    said["id"].as_i64().unwrap()
}

#[tokio::test]
async fn comments_and_replies_are_read_from_either_end() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let address = ready(&platform, &owner, "v").await;
    let first = say(&fan, &address, "one", None).await;
    for text in ["two", "three"] {
        say(&fan, &address, text, None).await;
    }
    let reply = say(&owner, &address, "r1", Some(first)).await;
    say(&fan, &address, "r2", Some(reply)).await;
    let read =
        async |rest: &str| Client::anonymous(&platform).get(&format!("{address}/comments{rest}")).await.1;
    let page = read("?limit=2").await;
    assert_eq!(texts(&page), ["three", "two"]);
    assert_eq!(texts(&read(&format!("?limit=2&cursor={}", page["next"])).await), ["one"]);
    let page = read("?limit=2&order=oldest").await;
    assert_eq!(texts(&page), ["one", "two"]);
    assert_eq!(page["items"][0]["reply_count"], 2);
    assert_eq!(texts(&read(&format!("?order=oldest&cursor={}", page["next"])).await), ["three"]);
    assert_eq!(
        texts(&read(&format!("/{first}/replies")).await),
        ["r1", "r2"],
        "a reply to a reply stands beside it"
    );
    assert_eq!(texts(&read(&format!("/{first}/replies?order=newest&limit=1")).await), ["r2"]);
    assert_eq!(owner.get(&address).await.1["comment_count"], 5);
    let other = ready(&platform, &owner, "other").await;
    let (status, _) = fan.get(&format!("{other}/comments/{first}/replies")).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "of another video");
    let astray = json!({"content": "x", "parent_id": first});
    assert_eq!(fan.post(&format!("{other}/comments"), astray).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_comment_is_taken_away_by_who_wrote_it_and_by_who_keeps_order() {
    let platform = platform().await;
    let (owner, author) = (Client::new(&platform, "owner").await, Client::new(&platform, "author").await);
    let (moderator, stranger) =
        (Client::new(&platform, "moderator").await, Client::new(&platform, "stranger").await);
    let admin = Client::admin(&platform, "admin").await;
    let room = room_of(&owner).await;
    owner.put(&format!("/api/v1/rooms/{room}/moderators/{}", moderator.id), json!({})).await;
    let new = NewVideo {
        user_id: owner.id,
        room_id: Some(room),
        broadcast_id: None,
        origin: Origin::Recording,
        name: None,
        title: "night".to_owned(),
        privacy: "public".to_owned(),
        state: State::Ready,
        starts_at: None,
    };
    let address = format!("/api/v1/videos/{}", videos::create(&platform.db, new).await.unwrap().public_id);
    for (who, may) in
        [(&author, true), (&owner, true), (&moderator, true), (&admin, true), (&stranger, false)]
    {
        let id = say(&author, &address, "hello", None).await;
        let status = who.delete(&format!("{address}/comments/{id}")).await.0;
        assert_eq!(status, if may { StatusCode::NO_CONTENT } else { StatusCode::FORBIDDEN }, "{}", who.id);
    }
    assert_eq!(owner.get(&address).await.1["comment_count"], 1);

    // What others replied to stays as a place, and nobody replies to it any more.
    let parent = say(&author, &address, "secret", None).await;
    let reply = say(&stranger, &address, "reply", Some(parent)).await;
    for _ in 0..2 {
        assert_eq!(author.delete(&format!("{address}/comments/{parent}")).await.0, StatusCode::NO_CONTENT);
    }
    let (_, page) = owner.get(&format!("{address}/comments?limit=1")).await;
    let place = &page["items"][0];
    assert_eq!(
        (&place["is_deleted"], &place["content"], &place["user"]),
        (&json!(true), &json!(""), &Value::Null)
    );
    let (status, _) =
        author.post(&format!("{address}/comments"), json!({"content": "x", "parent_id": parent})).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    stranger.delete(&format!("{address}/comments/{reply}")).await;
    assert!(
        !owner.get(&format!("{address}/comments")).await.1.to_string().contains(&format!("\"id\":{parent},"))
    );
    assert_eq!(owner.get(&address).await.1["comment_count"], 1);
}

#[tokio::test]
async fn hostile_texts_stay_text_within_their_limits_and_the_rooms_rules_hold() {
    let mut config = crate::testing::config();
    config.videos.comment_chars_max = 20;
    config.videos.comments_burst = 8;
    config.videos.comments_per_minute = 1;
    let platform = platform_with(config).await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let address = ready(&platform, &owner, "v").await;
    let say =
        async |content: &str| fan.post(&format!("{address}/comments"), json!({"content": content})).await;
    for bad in ["", " \u{200B}\n", &"字".repeat(21)] {
        assert_eq!(say(bad).await.1["error"]["code"], "text_length", "{bad:?}");
    }
    let (_, said) = say("<b>\u{202E}a\nb\u{0}").await;
    assert_eq!(said["content"], "<b>a\nb");
    let room = room_of(&owner).await;
    let rules = json!({"slow_seconds": 0, "links_off": true, "blocked_words": ["spoiler"]});
    owner.put(&format!("/api/v1/rooms/{room}/rules"), rules).await;
    let of_room = crate::db::sql("UPDATE videos SET room_id = $1").bind(room);
    platform.db.execute(of_room).await.unwrap();
    assert_eq!(say("www.a.example").await.1["error"]["code"], "links_off");
    assert_eq!(say("a Spoiler").await.1["error"]["code"], "blocked_word");
    let ban = json!({"user_id": fan.id, "kind": "ban"});
    owner.post(&format!("/api/v1/rooms/{room}/bans"), ban).await;
    assert_eq!(say("let me").await.1["error"]["code"], "banned");
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(say("again").await.0);
    }
    assert_eq!(statuses.last(), Some(&StatusCode::TOO_MANY_REQUESTS));
}

#[tokio::test]
async fn a_like_counts_once_however_often_and_at_once() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let address = ready(&platform, &owner, "v").await;
    let like = format!("{address}/like");
    let at_once =
        tokio::join!(fan.put(&like, json!({})), fan.put(&like, json!({})), fan.put(&like, json!({})));
    for (status, answer) in [at_once.0, at_once.1, at_once.2] {
        assert_eq!((status, &answer["is_liked"]), (StatusCode::OK, &json!(true)), "{answer}");
    }
    assert_eq!(owner.put(&like, json!({})).await.1["like_count"], 2);
    assert_eq!(fan.get(&address).await.1["is_liked"], true);
    assert_eq!(fan.get("/api/v1/me/videos/liked").await.1["items"].as_array().unwrap().len(), 1);
    for _ in 0..2 {
        assert_eq!(fan.delete(&like).await.1, json!({"like_count": 1, "is_liked": false}));
    }
    assert_eq!(fan.get("/api/v1/me/videos/liked").await.1["items"], json!([]));
    assert_eq!(fan.get(&address).await.1["is_liked"], false);
}

#[tokio::test]
async fn videos_and_comments_are_reported_to_the_same_queue() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let admin = Client::admin(&platform, "admin").await;
    let address = ready(&platform, &owner, "v").await;
    let id = address.rsplit('/').next().unwrap();
    let comment = say(&owner, &address, "rude", None).await;
    for (report, status) in [
        (json!({"kind": "video", "video": id, "reason": "r"}), StatusCode::CREATED),
        (json!({"kind": "video", "video": id, "reason": "r"}), StatusCode::CONFLICT),
        (json!({"kind": "video", "video": "nonesuch", "reason": "r"}), StatusCode::NOT_FOUND),
        (json!({"kind": "video", "target_id": 1, "reason": "r"}), StatusCode::NOT_FOUND),
        (json!({"kind": "video_comment", "target_id": comment, "reason": "r"}), StatusCode::CREATED),
        (json!({"kind": "video_comment", "target_id": 99, "reason": "r"}), StatusCode::NOT_FOUND),
        (json!({"kind": "channel", "target_id": 1, "reason": "r"}), StatusCode::BAD_REQUEST),
    ] {
        let (found, answer) = fan.post("/api/v1/reports", report.clone()).await;
        assert_eq!(found, status, "{report}: {answer}");
    }
    let (_, queue) = admin.get("/api/v1/admin/reports").await;
    let kinds: Vec<_> =
        queue["items"].as_array().unwrap().iter().map(|item| (&item["kind"], &item["video"])).collect();
    assert_eq!(kinds, [(&json!("video_comment"), &json!(id)), (&json!("video"), &json!(id))]);
}

#[tokio::test]
async fn whom_one_blocks_cannot_comment_on_ones_videos_and_is_not_read_elsewhere() {
    let platform = platform().await;
    let (mei, troll) = (Client::new(&platform, "mei").await, Client::new(&platform, "troll").await);
    let other = Client::new(&platform, "other").await;
    let (own, elsewhere) = (ready(&platform, &mei, "mine").await, ready(&platform, &other, "theirs").await);
    let first = say(&other, &elsewhere, "welcome", None).await;
    say(&troll, &elsewhere, "boo", None).await;
    say(&troll, &elsewhere, "boo again", Some(first)).await;
    mei.call(http::Method::PUT, &format!("/api/v1/users/{}/block", troll.id), None).await;
    let (status, refused) = troll.post(&format!("{own}/comments"), json!({"content": "boo"})).await;
    assert_eq!((status, &refused["error"]["code"]), (StatusCode::FORBIDDEN, &json!("blocked")));
    let comments = format!("{elsewhere}/comments");
    for order in ["newest", "oldest"] {
        assert_eq!(texts(&mei.get(&format!("{comments}?order={order}")).await.1), ["welcome"]);
        assert_eq!(texts(&mei.get(&format!("{comments}/{first}/replies?order={order}")).await.1), [""; 0]);
    }
    assert_eq!(texts(&other.get(&comments).await.1), ["boo", "welcome"]);
}
