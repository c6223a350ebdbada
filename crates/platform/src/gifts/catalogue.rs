//! What can be given, and for how many coins.

use crate::accounts::User;
use crate::db::{Db, Tx, sql};
use crate::{Error, Platform, Result, admin, images, row, text};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use utoipa::ToSchema;

row! {
    /// A gift of the catalogue.
    #[derive(Clone, Debug, Serialize, ToSchema)]
    pub struct Gift {
        /// Its number.
        pub id: i64,
        /// The name.
        pub name: String,
        /// Address of its picture.
        pub image: String,
        /// Coins it costs.
        pub coin: i64,
        /// Whether it can be given now.
        pub is_active: bool,
    }
}

/// A gift as an admin describes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GiftInput {
    /// 1 to 40 characters.
    name: String,
    /// Address of its picture.
    #[serde(default)]
    image: String,
    /// Coins it costs.
    coin: i64,
    /// Whether it can be given now.
    #[serde(default = "yes")]
    is_active: bool,
}

fn yes() -> bool {
    true
}

pub(super) async fn active(tx: &mut Tx, id: i64) -> Result<Option<Gift>> {
    let query = sql("SELECT id, name, image, coin, is_active FROM gifts WHERE id = $1 AND is_active = TRUE");
    Ok(tx.maybe(query.bind(id)).await?)
}

/// Gifts, the cheapest first; with those that cannot be given now when `all`.
pub(super) async fn list(db: &Db, all: bool) -> Result<Vec<Gift>> {
    let query = sql(
        "SELECT id, name, image, coin, is_active FROM gifts WHERE is_active = TRUE OR $1 = TRUE ORDER BY coin, id",
    );
    Ok(db.all(query.bind(all)).await?)
}

/// Adds a gift, or changes the one with this number. Gifts are never deleted, since the ledger names them.
pub(super) async fn put(platform: &Platform, by: &User, id: Option<i64>, input: GiftInput) -> Result<Gift> {
    let name = text::line("name", &input.name, 1, 40)?;
    let max = platform.config.gifts.price_max;
    if !(1..=max).contains(&input.coin) {
        return Err(Error::invalid("price", format!("A gift costs 1 to {max} coins (gifts.price_max).")));
    }
    let image = images::adopt(platform, by, images::Kind::Gift, "image", &input.image).await?;
    let query = match id {
        None => sql("INSERT INTO gifts (name, image, coin, is_active) VALUES ($1, $2, $3, $4) \
             RETURNING id, name, image, coin, is_active"),
        Some(_) => sql("UPDATE gifts SET name = $1, image = $2, coin = $3, is_active = $4 WHERE id = $5 \
             RETURNING id, name, image, coin, is_active"),
    };
    let query = query.bind(name).bind(image).bind(input.coin).bind(input.is_active);
    let query = if let Some(id) = id { query.bind(id) } else { query };
    let json = |gift: &Gift| serde_json::to_string(gift).map_err(|error| Error::internal(&error));
    let mut tx = platform.db.begin().await?;
    let before = match id {
        Some(id) => {
            let select = format!(
                "SELECT id, name, image, coin, is_active FROM gifts WHERE id = $1{}",
                tx.for_update()
            );
            tx.maybe::<Gift>(sql(AssertSqlSafe(select)).bind(id)).await?
        }
        None => None,
    };
    let gift: Option<Gift> = tx.maybe(query).await?;
    let gift = gift.ok_or_else(|| Error::not_found("gift_not_found", "There is no such gift."))?;
    let before = before.as_ref().map(json).transpose()?.unwrap_or_default();
    admin::record(&mut tx, by, "gift_changed", &format!("gift {}", gift.id), &before, &json(&gift)?).await?;
    tx.commit().await?;
    Ok(gift)
}
