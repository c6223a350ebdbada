use super::{ready, video};
use crate::bus::Event;
use crate::db::sql;
use crate::testing::{Client, platform};
use crate::videos::{self, State};
use serde_json::{Value, json};

#[tokio::test]
async fn followers_and_programs_of_others_hear_once_that_everybody_may_watch() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    fan.put(&format!("/api/v1/users/{}/follow", owner.id), json!({})).await;
    let webhook =
        sql("INSERT INTO webhooks (url, secret, created_at) VALUES ('http://127.0.0.1:9/', 's', 1)");
    platform.db.execute(webhook).await.unwrap();
    let video = video(&platform, &owner, "trip").await;
    let address = format!("/api/v1/videos/{}", video.public_id);
    owner.patch(&address, json!({"privacy": "private"})).await;
    let kinds = async || -> Vec<String> {
        let rows =
            platform.db.all::<(String,)>(sql("SELECT kind FROM webhook_events ORDER BY id")).await.unwrap();
        rows.into_iter().map(|(kind,)| kind).collect()
    };
    let mut heard = platform.bus.listen();
    videos::set_state(&platform, video.id, State::Ready, "").await.unwrap();
    assert_eq!(kinds().await, ["video_ready"]);
    assert_eq!(fan.get("/api/v1/me/notifications").await.1["unread"], 0);
    for privacy in ["public", "private", "public"] {
        owner.patch(&address, json!({"privacy": privacy})).await;
    }
    videos::set_state(&platform, video.id, State::Ready, "").await.unwrap();
    assert_eq!(kinds().await, ["video_ready", "video_published"]);
    let data = platform
        .db
        .one::<(String,)>(sql("SELECT data FROM webhook_events ORDER BY id DESC LIMIT 1"))
        .await
        .unwrap();
    let data: Value = serde_json::from_str(&data.0).unwrap();
    assert_eq!(
        (&data["video"]["id"], &data["video"]["owner"]["name"]),
        (&json!(video.public_id), &json!("owner"))
    );
    let (_, list) = fan.get("/api/v1/me/notifications").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
    let item = &list["items"][0];
    assert_eq!(
        (&item["kind"], &item["video"], &item["title"], &item["room_id"]),
        (&json!("video_published"), &json!(video.public_id), &json!("trip"), &Value::Null)
    );
    let mut told = 0;
    while let Ok(event) = heard.try_recv() {
        told += usize::from(matches!(event, Event::ToUser { user_id, .. } if user_id == fan.id));
    }
    assert_eq!(told, 1);
    owner.delete(&address).await;
    assert_eq!(fan.get("/api/v1/me/notifications").await.1["items"], json!([]), "it goes with the video");
}

#[tokio::test]
async fn nobody_is_told_again_of_a_broadcast_that_became_a_recording() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    fan.put(&format!("/api/v1/users/{}/follow", owner.id), json!({})).await;
    let video = video(&platform, &owner, "night").await;
    platform.db.execute(sql("UPDATE videos SET origin = 'recording'")).await.unwrap();
    videos::set_state(&platform, video.id, State::Ready, "").await.unwrap();
    assert_eq!(fan.get("/api/v1/me/notifications").await.1["unread"], 0);
    ready(&platform, &owner, "an upload").await;
    assert_eq!(fan.get("/api/v1/me/notifications").await.1["unread"], 1);
}
