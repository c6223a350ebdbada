use super::{Part, count, viewer_id};
use crate::rooms;
use crate::testing::{Client, platform};
use hub::{Action, Args, Protocol, Request, Session, SessionId, StreamPath};
use serde_json::json;
use std::sync::Arc;

fn session(action: Action, path: &StreamPath, viewer: Option<&str>) -> Arc<Session> {
    let args = viewer.map(|id| ("viewer".to_owned(), id.to_owned())).into_iter().collect();
    Arc::new(Session::new(&Request {
        action,
        path: path.clone(),
        args: Args::new(args),
        remote: [127, 0, 0, 1].into(),
        protocol: Protocol::HttpFlv,
        session_id: SessionId::random(),
        client: Arc::default(),
    }))
}

#[tokio::test]
async fn a_person_counts_once_however_many_players_sockets_and_servers_it_uses() {
    let platform = platform().await;
    let (host, fan) = (Client::new(&platform, "host").await, Client::new(&platform, "fan").await);
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "mine"})).await;
    let room = rooms::get(&platform.db, room["id"].as_i64().unwrap()).await.unwrap();
    let seen = fan.get(&format!("/api/v1/rooms/{}", room.id)).await.1;
    let fans = viewer_id(&room.name, fan.id);
    assert_eq!(seen["viewer"], json!(fans), "told to the page, which gives it to the player");
    let stranger = Client::anonymous(&platform);
    let one = stranger.get(&format!("/api/v1/rooms/{}", room.id)).await.1["viewer"].clone();
    assert_ne!(one, stranger.get(&format!("/api/v1/rooms/{}", room.id)).await.1["viewer"]);

    let path = room.path().unwrap();
    let publishing = session(Action::Publish, &path, None);
    let _publisher = platform.hub.publish(&path, &publishing, &hub::Credential::None, None).unwrap();
    let stream = platform.hub.get(&path).unwrap();
    assert_eq!(count(&platform, &room), 0);
    let players: Vec<_> = [Some(fans.as_str()), Some(&fans), one.as_str(), None, None]
        .into_iter()
        .map(|viewer| session(Action::Play, &path, viewer))
        .collect();
    players.iter().for_each(|player| stream.add_viewer(player));
    assert_eq!(count(&platform, &room), 4, "the fan, somebody with an id, and two without");
    let part = Part { viewers: vec![fans.clone(), "elsewhere0123456".into()], others: 1, ..Part::default() };
    platform.audience.hear("other".into(), room.id, part);
    assert_eq!(count(&platform, &room), 6, "the fan is on both servers");
    assert_eq!(stranger.get(&format!("/api/v1/rooms/{}", room.id)).await.1["viewer_count"], 6);

    super::turn_away(&platform, &room, fan.id).unwrap();
    let kicked: Vec<_> = players.iter().map(|player| player.is_kicked()).collect();
    assert_eq!(kicked, [true, true, false, false, false]);
}
