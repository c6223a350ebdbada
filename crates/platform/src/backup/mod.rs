//! Back-ups: everything in the database and the pictures, in one file, made and read while the server runs.
//!
//! A back-up is a gzipped tar with `manifest.json`, `tables/{table}/{n}.ndjson` (rows as JSON, in the order in which tables
//! refer to each other), `images/{name}` and the signing `secret`. It knows no database: what was SQLite can be restored
//! into PostgreSQL and the other way round. The rows are of one moment, however long it takes. Who has the file has
//! everything: it is made readable for its owner alone by who calls this.

mod restore;
#[cfg(test)]
mod tests;

pub use restore::restore;

use crate::clock::now_ms;
use crate::db::{self, Db, Tx, sql};
use crate::images;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use std::io::Write;
use std::path::Path;

/// Rows of one part at most: what is held in memory.
const ROWS_MAX: i64 = 5000;
/// The form described above.
const FORMAT: u32 = 1;
/// File of the signing secret in the data folder.
const SECRET_FILE: &str = "secret";

/// Why a back-up could not be made or read.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum Error {
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error("this is no back-up of Weir, or it is damaged: {0}")]
    Damaged(String),
    #[error(
        "the back-up is of a newer Weir ({found}) than this one ({known}); restore it with that version or a later one"
    )]
    Newer { found: i64, known: i64 },
    #[error("the database is not empty; --replace throws away what is in it")]
    NotEmpty,
}

type Result<T, E = Error> = std::result::Result<T, E>;

/// What stands at the beginning.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    /// The last migration of the tables.
    migration: i64,
    /// Unix ms.
    created_at: i64,
}

/// What went by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows.
    pub rows: u64,
    /// Pictures.
    pub images: u64,
}

/// Writes a back-up to `out`; `progress` hears of each table and how many rows it had.
pub async fn write<W: Write + Send>(
    db: &Db,
    data_dir: &Path,
    out: W,
    mut progress: impl FnMut(&str, u64) + Send,
) -> Result<(W, Counts)> {
    let mut tar = tar::Builder::new(GzEncoder::new(out, Compression::fast()));
    let manifest = Manifest { format: FORMAT, migration: db::version(), created_at: now_ms() };
    let manifest = serde_json::to_vec(&manifest).map_err(std::io::Error::from)?;
    append(&mut tar, "manifest.json", &manifest)?;
    let mut counts = Counts::default();
    let mut tx = db.snapshot().await?;
    for table in db::tables() {
        let mut reader = Reader::of(&mut tx, table).await?;
        let (mut rows, mut part) = (0, 0);
        loop {
            let lines = reader.next(&mut tx).await?;
            if lines.is_empty() {
                break;
            }
            rows += lines.len() as u64;
            append(&mut tar, &format!("tables/{table}/{part:06}.ndjson"), lines.join("\n").as_bytes())?;
            part += 1;
        }
        counts.rows += rows;
        progress(table, rows);
        reader.close(&mut tx).await?;
    }
    drop(tx);
    if let Ok(secret) = std::fs::read(data_dir.join(SECRET_FILE)) {
        append(&mut tar, SECRET_FILE, &secret)?;
    }
    for (name, path) in pictures(&images::folder(data_dir)) {
        // One that was taken away meanwhile is not missed.
        let Ok(bytes) = std::fs::read(path) else { continue };
        append(&mut tar, &format!("images/{name}"), &bytes)?;
        counts.images += 1;
    }
    Ok((tar.into_inner()?.finish()?, counts))
}

fn append<W: Write>(tar: &mut tar::Builder<W>, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(now_ms() / 1000).unwrap_or(0));
    tar.append_data(&mut header, name, bytes)
}

fn pictures(folder: &Path) -> Vec<(String, std::path::PathBuf)> {
    let entries = |path: &Path| std::fs::read_dir(path).into_iter().flatten().flatten();
    let files = entries(folder).flat_map(|part| entries(&part.path()).collect::<Vec<_>>());
    let named = files.filter_map(|file| Some((file.file_name().into_string().ok()?, file.path())));
    named.filter(|(name, _)| images::path_of(Path::new(""), name).is_some()).collect()
}

/// Reads a table in parts, each row as JSON.
enum Reader {
    /// By the row numbers of SQLite, from the last one read on.
    Sqlite { select: String, after: i64 },
    /// By a cursor of PostgreSQL.
    Postgres,
}

impl Reader {
    async fn of(tx: &mut Tx, table: &str) -> Result<Self> {
        if matches!(tx, Tx::Postgres(_)) {
            let declare =
                format!("DECLARE backup_rows CURSOR FOR SELECT CAST(row_to_json(t) AS TEXT) FROM {table} t");
            tx.execute(sql(AssertSqlSafe(declare))).await?;
            return Ok(Self::Postgres);
        }
        let columns = tx.columns(table).await?;
        let pairs: Vec<String> = columns.iter().map(|column| format!("'{0}', {0}", column.name)).collect();
        let pairs = pairs.join(", ");
        let select = format!(
            "SELECT rowid, json_object({pairs}) FROM {table} WHERE rowid > $1 ORDER BY rowid LIMIT {ROWS_MAX}"
        );
        Ok(Self::Sqlite { select, after: 0 })
    }

    async fn next(&mut self, tx: &mut Tx) -> Result<Vec<String>> {
        match self {
            Self::Sqlite { select, after } => {
                let query = sql(AssertSqlSafe(select.clone())).bind(*after);
                let rows: Vec<(i64, String)> = tx.all(query).await?;
                *after = rows.last().map_or(*after, |(id, _)| *id);
                Ok(rows.into_iter().map(|(_, row)| row).collect())
            }
            Self::Postgres => {
                let rows: Vec<(String,)> =
                    tx.all(sql(AssertSqlSafe(format!("FETCH {ROWS_MAX} FROM backup_rows")))).await?;
                Ok(rows.into_iter().map(|(row,)| row).collect())
            }
        }
    }

    async fn close(self, tx: &mut Tx) -> Result<()> {
        if matches!(self, Self::Postgres) {
            tx.execute(sql("CLOSE backup_rows")).await?;
        }
        Ok(())
    }
}
