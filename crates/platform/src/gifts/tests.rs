use crate::db::sql;
use crate::testing::{Client, platform};
use crate::wallet::{self, Account, verify};
use crate::{Platform, accounts, gifts, rooms};
use http::StatusCode;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// A live room of `host`, a gift of `price`, and `givers` with `coin` each.
async fn show(
    platform: &Arc<Platform>,
    price: i64,
    givers: i64,
    coin: i64,
) -> (rooms::Room, i64, Vec<Client>) {
    let host = Client::new(platform, "host").await;
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "show"})).await;
    let id = room["id"].as_i64().unwrap();
    assert_eq!(
        host.post(&format!("/api/v1/rooms/{id}/status"), json!({"type": "play"})).await.0,
        StatusCode::OK
    );
    let admin = Client::admin(platform, "admin").await;
    let (status, gift) = admin.post("/api/v1/admin/gifts", json!({"name": "火箭", "coin": price})).await;
    assert_eq!(status, StatusCode::CREATED, "{gift}");
    let mut clients = Vec::new();
    for n in 0..givers {
        let client = Client::new(platform, &format!("giver{n}")).await;
        let path = format!("/api/v1/admin/users/{}/coins", client.id);
        assert_eq!(
            admin.post(&path, json!({"coin": coin, "reason": "test"})).await.0,
            StatusCode::NO_CONTENT
        );
        clients.push(client);
    }
    (rooms::get(&platform.db, id).await.unwrap(), gift["id"].as_i64().unwrap(), clients)
}

/// A number from the environment, for longer runs.
fn from_env(name: &str, default: i64) -> i64 {
    std::env::var(name).ok().and_then(|count| count.parse().ok()).unwrap_or(default)
}

/// ROUNDS (10) times.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_gifts_at_once_exactly_those_that_can_be_paid_are() {
    let platform = platform().await;
    let (room, gift, givers) = show(&platform, 10, 1, 200).await;
    let user = accounts::users::by_id(&platform.db, givers[0].id).await.unwrap().unwrap();
    for round in 1..=from_env("ROUNDS", 10) {
        let mut heard = platform.bus.listen();
        let paid = Arc::new(AtomicI64::new(0));
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let (platform, room, user, paid) =
                    (platform.clone(), room.clone(), user.clone(), paid.clone());
                tokio::spawn(async move {
                    match gifts::send(&platform, &user, &room, gift, 1, None).await {
                        Ok(_) => paid.fetch_add(1, Relaxed),
                        Err(error) => {
                            assert_eq!(error.code, "not_enough_coins");
                            0
                        }
                    };
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(paid.load(Relaxed), 20);
        assert_eq!(wallet::balance(&platform.db, Account::User(user.id)).await.unwrap(), 0);
        assert_eq!(wallet::balance(&platform.db, Account::Earned(room.user_id)).await.unwrap(), 200 * round);
        assert_eq!(rooms::get(&platform.db, room.id).await.unwrap().coin, 200 * round);
        let mut announced = 0;
        while let Ok(event) = heard.try_recv() {
            announced +=
                i64::from(matches!(event, crate::bus::Event::ToRoom { event, .. } if event == "gift"));
        }
        assert_eq!(announced, 20);
        let mut tx = platform.db.begin().await.unwrap();
        wallet::transfer(&mut tx, "grant", "", Account::Issued, Account::User(user.id), 200).await.unwrap();
        tx.commit().await.unwrap();
    }
    let verdict = verify(&platform.db).await.unwrap();
    assert!(verdict.is_right(), "{verdict:?}");
}

/// 10 000, or as many as GIFTS says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gifts_from_fifty_sides_neither_lose_nor_make_a_coin() {
    let gifts_wanted = from_env("GIFTS", 10_000);
    let platform = platform().await;
    let each = gifts_wanted / 50;
    let (room, gift, givers) = show(&platform, 3, 50, each * 3 / 2).await;
    let paid = Arc::new(AtomicI64::new(0));
    let mut tasks = Vec::new();
    for giver in givers {
        let user = accounts::users::by_id(&platform.db, giver.id).await.unwrap().unwrap();
        let (platform, room, paid) = (platform.clone(), room.clone(), paid.clone());
        tasks.push(tokio::spawn(async move {
            for _ in 0..each {
                paid.fetch_add(
                    gifts::send(&platform, &user, &room, gift, 1, None).await.map_or(0, |sent| sent.coin),
                    Relaxed,
                );
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let wanted = 50 * (each * 3 / 2 / 3) * 3;
    assert_eq!(paid.load(Relaxed), wanted);
    assert_eq!(rooms::get(&platform.db, room.id).await.unwrap().coin, wanted);
    let verdict = verify(&platform.db).await.unwrap();
    assert!(verdict.is_right(), "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wish_that_is_sent_fifty_times_is_paid_once() {
    let platform = platform().await;
    let (room, gift, givers) = show(&platform, 10, 1, 1000).await;
    let user = accounts::users::by_id(&platform.db, givers[0].id).await.unwrap().unwrap();
    let tasks: Vec<_> = (0..50)
        .map(|_| {
            let (platform, room, user) = (platform.clone(), room.clone(), user.clone());
            tokio::spawn(
                async move { gifts::send(&platform, &user, &room, gift, 2, Some("one")).await.unwrap() },
            )
        })
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    assert_eq!(answers[0].balance, 980);
    let other = gifts::send(&platform, &user, &room, gift, 3, Some("one")).await.unwrap_err();
    assert_eq!((other.status, other.code), (StatusCode::CONFLICT, "idempotency_conflict"));
    let ended = rooms::Room { status: rooms::ENDED, ..room.clone() };
    let again = gifts::send(&platform, &user, &ended, gift, 2, Some("one")).await.unwrap();
    assert_eq!(again, answers[0], "asked again after the end");
    assert_eq!(wallet::balance(&platform.db, Account::User(user.id)).await.unwrap(), 980);
}

#[tokio::test]
async fn gifts_in_a_row_count_up_and_the_most_generous_leads() {
    let platform = platform().await;
    let (room, gift, givers) = show(&platform, 10, 2, 1000).await;
    let give = |giver: usize, num: i64| {
        let path = format!("/api/v1/rooms/{}/gifts", room.id);
        let client = &givers[giver];
        async move { client.post(&path, json!({"gift_id": gift, "num": num})).await }
    };
    assert_eq!(give(0, 2).await.1["combo"], 2);
    assert_eq!(give(0, 1).await.1["combo"], 3);
    assert_eq!(give(1, 5).await.1["combo"], 5);
    for period in ["broadcast", "day", "all"] {
        let (_, leaders) = givers[0].get(&format!("/api/v1/rooms/{}/leaders?period={period}", room.id)).await;
        let coins: Vec<_> =
            leaders.as_array().unwrap().iter().map(|leader| leader["coin"].as_i64().unwrap()).collect();
        assert_eq!(coins, [50, 30], "{period}");
    }
    for (num, code) in [(0, "num"), (-5, "num"), (1_000_000, "num"), (100, "not_enough_coins")] {
        assert_eq!(give(0, num).await.1["error"]["code"], code, "{num}");
    }
}

#[tokio::test]
async fn a_room_that_is_not_on_takes_no_gift_and_a_stranger_gives_none_in_private() {
    let platform = platform().await;
    let (room, gift, givers) = show(&platform, 10, 1, 1000).await;
    let path = format!("/api/v1/rooms/{}/gifts", room.id);
    let set = |column: &'static str| platform.db.execute(sql(column).bind(room.id));
    set("UPDATE rooms SET privacy = 'private' WHERE id = $1").await.unwrap();
    assert_eq!(givers[0].post(&path, json!({"gift_id": gift})).await.1["error"]["code"], "room_private");
    set("UPDATE rooms SET privacy = 'public', status = 0 WHERE id = $1").await.unwrap();
    assert_eq!(givers[0].post(&path, json!({"gift_id": gift})).await.1["error"]["code"], "room_idle");
    set("UPDATE rooms SET status = 3 WHERE id = $1").await.unwrap();
    assert_eq!(givers[0].post(&path, json!({"gift_id": gift})).await.1["error"]["code"], "room_ended");
    assert_eq!(
        Client::anonymous(&platform).post(&path, json!({"gift_id": gift})).await.0,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(wallet::balance(&platform.db, Account::User(givers[0].id)).await.unwrap(), 1000);
}
