//! Reading a back-up into a database, in one transaction: all of it or nothing.

use super::{Counts, Error, FORMAT, Manifest, Result, SECRET_FILE};
use crate::clock::now_ms;
use crate::db::{self, Column, ColumnKind, Db, Query, Tx, Value, sql};
use crate::images;
use flate2::read::GzDecoder;
use serde_json::{Map, Value as Json};
use sqlx::AssertSqlSafe;
use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

/// Bytes of one part of a table, or of a picture, at most.
const PART_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Values of one statement at most: SQLite takes 32766.
const VALUES_MAX: usize = 10_000;

/// Reads a back-up from `input`. A database that is not empty is emptied first when `replaces`, and else left alone.
/// `progress` hears of each part of a table and how many rows it had.
pub async fn restore<R: Read + Send>(
    db: &Db,
    data_dir: &Path,
    input: R,
    replaces: bool,
    mut progress: impl FnMut(&str, u64) + Send,
) -> Result<Counts> {
    let mut tar = tar::Archive::new(GzDecoder::new(input));
    let mut entries = tar.entries()?;
    let mut next = || -> Result<Option<(String, Vec<u8>)>> {
        let Some(entry) = entries.next() else { return Ok(None) };
        let mut entry = entry.map_err(|error| damaged(&error))?;
        let name = entry.path().map_err(|error| damaged(&error))?.to_string_lossy().into_owned();
        if entry.size() > PART_BYTES_MAX {
            return Err(Error::Damaged(format!("{name} has {} bytes", entry.size())));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|error| damaged(&error))?;
        Ok(Some((name, bytes)))
    };
    check(next()?)?;
    let mut tx = db.begin().await?;
    empty(&mut tx, replaces).await?;
    let known = db::tables();
    let (mut counts, mut columns, mut pictures) = (Counts::default(), HashMap::new(), Vec::new());
    while let Some((name, bytes)) = next()? {
        if let Some(table) = name.strip_prefix("tables/").and_then(|rest| rest.split('/').next()) {
            let table = known.iter().find(|known| **known == table);
            let table = table.ok_or_else(|| Error::Damaged(format!("there is no table for {name}")))?;
            if !columns.contains_key(table) {
                columns.insert(*table, tx.columns(table).await?);
            }
            let rows = insert(&mut tx, table, &columns[table], &bytes).await?;
            counts.rows += rows;
            progress(table, rows);
        } else if let Some(picture) = name.strip_prefix("images/") {
            // Written when the rows are in; what is there already has the same name and so the same pixels.
            if let Some(path) = images::path_of(data_dir, picture).filter(|path| !path.exists()) {
                pictures.push((path, bytes));
            }
        } else if name == SECRET_FILE && !data_dir.join(SECRET_FILE).exists() {
            pictures.push((data_dir.join(SECRET_FILE), bytes));
        }
    }
    for table in known {
        tx.continue_ids(table).await?;
    }
    // Nothing of what was on when the back-up was made is on now.
    tx.execute(sql("UPDATE rooms SET status = 2, viewer_count = 0 WHERE status = 1")).await?;
    tx.execute(sql("UPDATE broadcasts SET ended_at = $1 WHERE ended_at IS NULL").bind(now_ms())).await?;
    for (path, bytes) in pictures {
        write_file(&path, &bytes)?;
        counts.images += 1;
    }
    tx.commit().await?;
    Ok(counts)
}

fn damaged(error: &std::io::Error) -> Error {
    Error::Damaged(error.to_string())
}

/// The first entry says what follows.
fn check(first: Option<(String, Vec<u8>)>) -> Result<()> {
    let (name, bytes) = first.ok_or_else(|| Error::Damaged("it is empty".to_owned()))?;
    let manifest: Option<Manifest> = serde_json::from_slice(&bytes).ok().filter(|_| name == "manifest.json");
    let manifest = manifest.ok_or_else(|| Error::Damaged("it does not begin with a manifest".to_owned()))?;
    let known = db::version();
    if manifest.format != FORMAT || manifest.migration > known {
        return Err(Error::Newer { found: manifest.migration, known });
    }
    Ok(())
}

async fn empty(tx: &mut Tx, replaces: bool) -> Result<()> {
    let users = tx.maybe::<(i64,)>(sql("SELECT id FROM users LIMIT 1")).await?;
    if users.is_some() && !replaces {
        return Err(Error::NotEmpty);
    }
    for table in db::tables().into_iter().rev() {
        tx.execute(sql(AssertSqlSafe(format!("DELETE FROM {table}")))).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, table: &str, columns: &[Column], lines: &[u8]) -> Result<u64> {
    let parsed: std::result::Result<Vec<Map<String, Json>>, _> = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(serde_json::from_slice)
        .collect();
    let rows = parsed.map_err(|error| Error::Damaged(format!("a row of {table}: {error}")))?;
    let Some(first) = rows.first() else { return Ok(0) };
    // A column the back-up does not have yet keeps its default.
    let columns: Vec<&Column> = columns.iter().filter(|column| first.contains_key(&column.name)).collect();
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    for part in rows.chunks((VALUES_MAX / columns.len().max(1)).max(1)) {
        let mut place = 0;
        let mut tuple = || {
            let places = columns.iter().map(|_| {
                place += 1;
                format!("${place}")
            });
            format!("({})", places.collect::<Vec<_>>().join(", "))
        };
        let tuples: Vec<String> = part.iter().map(|_| tuple()).collect();
        let text = format!("INSERT INTO {table} ({}) VALUES {}", names.join(", "), tuples.join(", "));
        let values = part.iter().flat_map(|row| columns.iter().map(|column| value(table, column, row)));
        let values: Vec<Value> = values.collect::<Result<_>>()?;
        tx.execute(values.into_iter().fold(sql(AssertSqlSafe(text)), Query::bind)).await?;
    }
    Ok(rows.len() as u64)
}

/// What a row says of a column. SQLite writes booleans as 0 and 1.
fn value(table: &str, column: &Column, row: &Map<String, Json>) -> Result<Value> {
    let json = row.get(&column.name).unwrap_or(&Json::Null);
    let wrong = || Error::Damaged(format!("{table}.{} is {json}", column.name));
    if json.is_null() {
        return Ok(match column.kind {
            ColumnKind::Int => Value::Int(None),
            ColumnKind::Bool => Value::Bool(None),
            ColumnKind::Float => Value::Float(None),
            ColumnKind::Text => Value::Text(None),
        });
    }
    Ok(match column.kind {
        ColumnKind::Int => json.as_i64().ok_or_else(wrong)?.into(),
        ColumnKind::Bool => {
            json.as_bool().or_else(|| json.as_i64().map(|number| number != 0)).ok_or_else(wrong)?.into()
        }
        ColumnKind::Float => json.as_f64().ok_or_else(wrong)?.into(),
        ColumnKind::Text => json.as_str().ok_or_else(wrong)?.into(),
    })
}

fn write_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
