//! The tables and their columns, for what works on all of them.

use super::migrations::MIGRATIONS;
use super::{Db, Result, Tx, sql};
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// Rows of one statement of [`Tx::set_texts`] at most.
const TEXTS_AT_ONCE: usize = 100;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// BIGINT, and ids.
    Int,
    /// BOOLEAN.
    Bool,
    /// DOUBLE PRECISION.
    Float,
    /// TEXT.
    Text,
}

/// All tables, each after those it refers to.
pub fn tables() -> Vec<&'static str> {
    let lines = MIGRATIONS.iter().flat_map(|(_, _, text)| text.lines());
    let mut tables: Vec<&str> = Vec::new();
    for table in lines.filter_map(|line| line.strip_prefix("CREATE TABLE ")?.split_whitespace().next()) {
        // One that was made anew may refer to what came in between.
        tables.retain(|known| *known != table);
        tables.push(table);
    }
    tables
}

/// The number of the last migration this program knows.
pub fn version() -> i64 {
    MIGRATIONS.iter().map(|(version, ..)| *version).max().unwrap_or(0)
}

impl Db {
    /// A transaction that only reads and sees everything as it is now, while others write on.
    pub async fn snapshot(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { read, .. } => Tx::Sqlite(read.begin().await?),
            Self::Postgres(pool) => {
                Tx::Postgres(pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
        })
    }
}

impl Tx {
    /// The columns of a table.
    pub async fn columns(&mut self, table: &str) -> Result<Vec<Column>> {
        let query = match self {
            Self::Sqlite(_) => sql("SELECT name, type FROM pragma_table_info($1)"),
            Self::Postgres(_) => sql("SELECT CAST(column_name AS TEXT), CAST(data_type AS TEXT) \
                 FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"),
        };
        let columns: Vec<(String, String)> = self.all(query.bind(table)).await?;
        let column = |(name, kind): (String, String)| {
            let kind = match kind.to_ascii_lowercase() {
                kind if kind.starts_with("bool") => ColumnKind::Bool,
                kind if kind.contains("int") => ColumnKind::Int,
                kind if kind.starts_with("double") => ColumnKind::Float,
                _ => ColumnKind::Text,
            };
            Column { name, kind }
        };
        Ok(columns.into_iter().map(column).collect())
    }

    /// Makes the rows of `table` with `key` in `key_column` hold these texts in `text_column`, and no others.
    pub async fn set_texts(
        &mut self,
        (table, key_column, text_column): (&str, &str, &str),
        key: i64,
        texts: BTreeSet<String>,
    ) -> Result<()> {
        let delete = format!("DELETE FROM {table} WHERE {key_column} = $1");
        self.execute(sql(AssertSqlSafe(delete)).bind(key)).await?;
        let texts: Vec<String> = texts.into_iter().collect();
        for part in texts.chunks(TEXTS_AT_ONCE) {
            let rows: Vec<String> = (0..part.len()).map(|at| format!("($1, ${})", at + 2)).collect();
            let insert =
                format!("INSERT INTO {table} ({key_column}, {text_column}) VALUES {}", rows.join(", "));
            let insert = sql(AssertSqlSafe(insert)).bind(key);
            self.execute(part.iter().fold(insert, |query, text| query.bind(text.as_str()))).await?;
        }
        Ok(())
    }

    /// Lets the ids of a table go on after the highest there is, which a restore put in by itself.
    pub async fn continue_ids(&mut self, table: &str) -> Result<()> {
        let is_postgres = matches!(self, Self::Postgres(_));
        if !is_postgres || !self.columns(table).await?.iter().any(|column| column.name == "id") {
            return Ok(());
        }
        let text = format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), COALESCE(MAX(id), 1), MAX(id) IS NOT NULL) FROM {table}"
        );
        self.all::<(i64,)>(sql(AssertSqlSafe(text))).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_table_comes_after_those_it_refers_to() {
        let tables = super::tables();
        let at = |name: &str| tables.iter().position(|table| *table == name).unwrap();
        assert!(
            at("users") < at("rooms") && at("rooms") < at("broadcasts") && at("comments") < at("room_rules")
        );
        assert!(tables.len() > 20, "{tables:?}");
    }
}
