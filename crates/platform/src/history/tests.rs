use crate::rooms;
use crate::testing::{Client, platform};
use serde_json::json;

#[tokio::test]
async fn a_visit_is_listed_until_its_owner_takes_it_off_and_still_counts() {
    let platform = platform().await;
    let (host, fan) = (Client::new(&platform, "host").await, Client::new(&platform, "fan").await);
    let mut ids = Vec::new();
    for title in ["first", "second"] {
        let (_, room) = host.post("/api/v1/rooms", json!({"title": title})).await;
        let id = room["id"].as_i64().unwrap();
        rooms::note_visit(&platform, id, fan.id).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        ids.push(id);
    }
    let titles = async |client: &Client| -> Vec<String> {
        let (_, page) = client.get("/api/v1/me/history").await;
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["title"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(titles(&fan).await, ["second", "first"]);
    host.delete(&format!("/api/v1/me/history/{}", ids[1])).await;
    assert_eq!(titles(&fan).await.len(), 2, "somebody else's history");
    fan.delete(&format!("/api/v1/me/history/{}", ids[1])).await;
    assert_eq!(titles(&fan).await, ["first"]);
    fan.delete("/api/v1/me/history").await;
    assert_eq!(titles(&fan).await, [""; 0]);
    rooms::note_visit(&platform, ids[0], fan.id).await.unwrap();
    assert_eq!(titles(&fan).await, ["first"]);
    assert_eq!(rooms::get(&platform.db, ids[0]).await.unwrap().look_count, 1);
}
