use super::{lasting, ready};
use crate::Platform;
use crate::db::sql;
use crate::testing::{Client, platform};
use crate::videos::plays;
use http::StatusCode;
use serde_json::{Value, json};

const STRANGER: &str = "aaaaaaaaaaaaaaaa";

/// Lets time pass for all players.
async fn pass(platform: &Platform, ms: i64) {
    let pass = sql("UPDATE video_plays SET heard_at = heard_at - $1, counted_at = counted_at - $1");
    platform.db.execute(pass.bind(ms)).await.unwrap();
}

async fn report(
    who: &Client,
    address: &str,
    position_ms: i64,
    played_ms: i64,
    viewer: Option<&str>,
) -> StatusCode {
    let body = json!({"position_ms": position_ms, "played_ms": played_ms, "viewer": viewer});
    who.post(&format!("{address}/progress"), body).await.0
}

async fn views(who: &Client, address: &str) -> i64 {
    who.get(address).await.1["view_count"].as_i64().unwrap()
}

#[tokio::test]
async fn a_view_is_ten_seconds_by_the_servers_clock_and_once_in_six_hours() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let nobody = Client::anonymous(&platform);
    let address = lasting(&platform, &owner, "long", 600_000).await;
    for (who, viewer) in [(&fan, None), (&nobody, Some(STRANGER))] {
        let before = views(&owner, &address).await;
        assert_eq!(report(who, &address, 0, 0, viewer).await, StatusCode::NO_CONTENT);
        for _ in 0..5 {
            report(who, &address, 60_000, 60_000, viewer).await;
        }
        assert_eq!(views(&owner, &address).await, before, "no time has passed");
        pass(&platform, 5_000).await;
        report(who, &address, 5_000, 5_000, viewer).await;
        assert_eq!(views(&owner, &address).await, before, "five seconds are not enough");
        pass(&platform, 5_000).await;
        report(who, &address, 10_000, 5_000, viewer).await;
        assert_eq!(views(&owner, &address).await, before + 1);
        for _ in 0..3 {
            pass(&platform, 20_000).await;
            report(who, &address, 30_000, 20_000, viewer).await;
        }
        assert_eq!(views(&owner, &address).await, before + 1, "the same view goes on");
        pass(&platform, 6 * 3_600_000).await;
        report(who, &address, 40_000, 20_000, viewer).await;
        assert_eq!(views(&owner, &address).await, before + 2);
        // The other one's clock was put back as well.
        platform.db.execute(sql("DELETE FROM video_plays")).await.unwrap();
    }
    for _ in 0..3 {
        report(&owner, &address, 0, 60_000, None).await;
        pass(&platform, 60_000).await;
    }
    assert_eq!(views(&owner, &address).await, 4, "one's own do not count");
}

#[tokio::test]
async fn of_a_short_video_a_third_is_a_view() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let address = lasting(&platform, &owner, "short", 8_000).await;
    report(&fan, &address, 0, 0, None).await;
    pass(&platform, 2_000).await;
    report(&fan, &address, 2_000, 2_000, None).await;
    assert_eq!(views(&owner, &address).await, 0);
    pass(&platform, 1_000).await;
    report(&fan, &address, 3_000, 1_000, None).await;
    assert_eq!(views(&owner, &address).await, 1);
}

#[tokio::test]
async fn strangers_of_one_network_become_views_no_faster_than_is_allowed() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let nobody = Client::anonymous(&platform);
    let address = lasting(&platform, &owner, "v", 600_000).await;
    for n in 0..10 {
        let viewer = format!("stranger{n:08}");
        assert_eq!(report(&nobody, &address, 0, 0, Some(&viewer)).await, StatusCode::NO_CONTENT);
    }
    pass(&platform, 20_000).await;
    for n in 0..10 {
        report(&nobody, &address, 20_000, 20_000, Some(&format!("stranger{n:08}"))).await;
    }
    assert_eq!(views(&owner, &address).await, 3, "strangers_burst");
    for viewer in [None, Some("short"), Some("aaaaaaaaaaaaaaa/")] {
        assert_eq!(report(&nobody, &address, 0, 0, viewer).await, StatusCode::BAD_REQUEST);
    }
    let mut last = StatusCode::NO_CONTENT;
    for _ in 0..25 {
        last = report(&nobody, &address, 0, 0, Some(STRANGER)).await;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS, "one player reports every ten seconds");
}

#[tokio::test]
async fn one_goes_on_where_one_stopped_and_a_history_can_be_forgotten() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let mut addresses = Vec::new();
    for title in ["a", "b", "c"] {
        addresses.push(lasting(&platform, &owner, title, 100_000).await);
    }
    for (address, position_ms) in addresses.iter().zip([50_000, 96_000, 1_000]) {
        report(&fan, address, position_ms, 0, None).await;
        tokio::time::sleep(std::time::Duration::from_millis(3)).await;
    }
    let position = async |at: usize| fan.get(&addresses[at]).await.1["position_ms"].clone();
    assert_eq!(
        [position(0).await, position(1).await, position(2).await],
        [json!(50_000), Value::Null, json!(1_000)]
    );
    report(&fan, &addresses[0], 999_999_999, 0, None).await;
    assert_eq!(position(0).await, Value::Null, "no farther than the end");
    report(&fan, &addresses[0], -5, -5, None).await;
    assert_eq!(position(0).await, json!(0));
    report(&fan, &addresses[0], 50_000, 0, None).await;

    let titles = async |rest: &str| -> Vec<String> {
        let (_, page) = fan.get(&format!("/api/v1/me/videos/{rest}")).await;
        let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
        items.iter().map(|item| item["video"]["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles("history").await, ["a", "c", "b"]);
    assert_eq!(titles("continue").await, ["a"]);
    let (_, page) = fan.get("/api/v1/me/videos/history?limit=1").await;
    assert_eq!(titles(&format!("history?limit=1&cursor={}", page["next"])).await, ["c"]);
    assert_eq!(owner.get("/api/v1/me/videos/history").await.1["items"], json!([]));
    owner.patch(&addresses[2], json!({"privacy": "private"})).await;
    assert_eq!(titles("history").await, ["a", "b"]);
    let id = addresses[1].rsplit('/').next().unwrap();
    assert_eq!(fan.delete(&format!("/api/v1/me/videos/history/{id}")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(titles("history").await, ["a"]);
    fan.delete("/api/v1/me/videos/history").await;
    assert_eq!(titles("history").await, [""; 0]);
    assert_eq!(position(0).await, Value::Null);
}

#[tokio::test]
async fn watch_time_and_views_are_in_the_owners_figures() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let long = lasting(&platform, &owner, "long", 600_000).await;
    let other = lasting(&platform, &owner, "other", 600_000).await;
    for (address, times) in [(&long, 3), (&other, 1)] {
        report(&fan, address, 0, 0, None).await;
        for _ in 0..times {
            pass(&platform, 15_000).await;
            report(&fan, address, 0, 15_000, None).await;
        }
    }
    let (_, figures) = owner.get("/api/v1/me/analytics").await;
    let today = figures["days"].as_array().unwrap().last().unwrap();
    assert_eq!((&today["views"], &today["watched_ms"]), (&json!(2), &json!(60_000)), "{figures}");
    let videos: Vec<_> = figures["videos"]
        .as_array()
        .unwrap()
        .iter()
        .map(|video| (&video["title"], &video["watched_ms"]))
        .collect();
    assert_eq!(videos, [(&json!("long"), &json!(45_000)), (&json!("other"), &json!(15_000))]);
}

#[tokio::test]
async fn plays_are_forgotten_after_a_day_and_views_stay() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let address = ready(&platform, &owner, "v").await;
    report(&fan, &address, 0, 0, None).await;
    pass(&platform, 20_000).await;
    report(&fan, &address, 0, 20_000, None).await;
    let left = async || platform.db.one::<(i64,)>(sql("SELECT COUNT(*) FROM video_plays")).await.unwrap().0;
    plays::tidy(&platform.db).await.unwrap();
    assert_eq!(left().await, 1);
    pass(&platform, 25 * 3_600_000).await;
    plays::tidy(&platform.db).await.unwrap();
    assert_eq!((left().await, views(&owner, &address).await), (0, 1));
}
