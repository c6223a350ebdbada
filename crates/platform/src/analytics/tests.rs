use super::{DAY_MS, Days, HOUR_MS};
use crate::clock::now_ms;
use crate::db::{Query, sql};
use crate::testing::{Client, platform};
use http::StatusCode;
use serde_json::json;

#[test]
fn a_day_begins_at_midnight_of_the_callers_clock() {
    let noon = 1_000 * DAY_MS + 12 * HOUR_MS;
    for (offset_hours, hour, day) in [(0, 23, 1), (0, 24, 2), (8, 15, 1), (8, 16, 2), (-8, 7, 0), (-8, 8, 1)]
    {
        let mut days = Days::new(noon, 3, offset_hours * HOUR_MS);
        // The first of three days is that of the day before yesterday.
        days.at((1_000 - 1) * DAY_MS + hour * HOUR_MS, |day| day.views += 1);
        let found = days.days.iter().position(|day| day.views == 1);
        assert_eq!(found, Some(day), "{offset_hours} {hour}");
    }
    let mut days = Days::new(noon, 1, 0);
    days.at(noon - DAY_MS, |day| day.views += 1);
    assert_eq!(days.days[0].views, 0);
}

#[tokio::test]
async fn a_host_sees_what_became_of_its_work_and_nobody_elses() {
    let platform = platform().await;
    let (host, other) = (Client::new(&platform, "host").await, Client::new(&platform, "other").await);
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "night"})).await;
    let room = room["id"].as_i64().unwrap();
    other.put(&format!("/api/v1/users/{}/follow", host.id), json!({})).await;
    let now = now_ms();
    let run = async |query: Query| platform.db.execute(query).await.unwrap();
    run(sql("INSERT INTO broadcasts (room_id, started_at, ended_at, viewers_peak, viewers_total, coin) \
         VALUES ($1, $2, $3, 7, 9, 5)")
    .bind(room)
    .bind(now - 2000)
    .bind(now))
    .await;
    run(sql("INSERT INTO broadcasts (room_id, started_at, ended_at) VALUES ($1, 1, 2)").bind(room)).await;
    run(sql("INSERT INTO video_hours (user_id, hour, views, watched_ms) VALUES ($1, $2, 3, 60000)")
        .bind(host.id)
        .bind(now / HOUR_MS))
    .await;
    run(sql("INSERT INTO gifts (name, coin) VALUES ('rose', 5)")).await;
    run(sql("INSERT INTO transfers (kind, created_at) VALUES ('gift', 1)")).await;
    run(sql(
        "INSERT INTO gift_events (room_id, user_id, gift_id, num, combo, coin, transfer_id, created_at) \
         VALUES ($1, $2, 1, 1, 1, 5, 1, $3)",
    )
    .bind(room)
    .bind(other.id)
    .bind(now))
    .await;

    let (status, figures) = host.get("/api/v1/me/analytics?days=7&utc_offset_minutes=480").await;
    assert_eq!(status, StatusCode::OK, "{figures}");
    let days = figures["days"].as_array().unwrap();
    assert_eq!(days.len(), 7);
    let sum = |name: &str| days.iter().map(|day| day[name].as_i64().unwrap()).sum::<i64>();
    assert_eq!((sum("views"), sum("watched_ms"), sum("followers"), sum("coin")), (3, 60_000, 1, 5));
    assert_eq!((sum("broadcasts"), sum("live_ms")), (1, 2000));
    assert_eq!(
        (&figures["broadcasts"][0]["viewers_peak"], &figures["broadcasts"][0]["title"]),
        (&json!(7), &json!("night"))
    );
    assert_eq!(figures["broadcasts"].as_array().unwrap().len(), 1);

    let (_, figures) = other.get("/api/v1/me/analytics").await;
    assert_eq!(figures["days"].as_array().unwrap().len(), 28);
    assert!(figures["days"].as_array().unwrap().iter().all(|day| day["views"] == 0 && day["coin"] == 0));
    assert_eq!((&figures["broadcasts"], &figures["videos"]), (&json!([]), &json!([])));
    for bad in ["days=0", "days=366", "utc_offset_minutes=841", "days=x"] {
        assert_eq!(
            host.get(&format!("/api/v1/me/analytics?{bad}")).await.0,
            StatusCode::BAD_REQUEST,
            "{bad}"
        );
    }
}
