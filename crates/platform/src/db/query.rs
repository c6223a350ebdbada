use sqlx::postgres::{PgArguments, PgRow, Postgres};
use sqlx::query::{Query as Statement, QueryAs};
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{FromRow, SqlSafeStr, SqlStr};

/// A statement with its values.
#[derive(Clone, Debug)]
pub struct Query {
    text: SqlStr,
    values: Vec<Value>,
}

/// What can be put into a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<String>),
    /// BOOLEAN.
    Bool(Option<bool>),
    /// DOUBLE PRECISION.
    Float(Option<f64>),
}

/// What can be read from a row of either database: tuples, and what [`row!`](crate::row) makes.
pub trait Row: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin {}

impl<T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin> Row for T {}

/// A statement, with `$1`, `$2`… where values go. Text put together at run time needs [`sqlx::AssertSqlSafe`], and must
/// be put together from our own words alone.
pub fn sql(text: impl SqlSafeStr) -> Query {
    Query { text: text.into_sql_str(), values: Vec::new() }
}

impl Query {
    /// The value of the next placeholder.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(super) fn only_reads(&self) -> bool {
        self.text.as_str().trim_start().starts_with("SELECT")
    }

    pub(super) fn sqlite<T: Row>(&self) -> QueryAs<'static, Sqlite, T, SqliteArguments> {
        self.values.iter().fold(sqlx::query_as(self.text.clone()), |query, value| match value.clone() {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bool(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
        })
    }

    pub(super) fn postgres<T: Row>(&self) -> QueryAs<'static, Postgres, T, PgArguments> {
        self.values.iter().fold(sqlx::query_as(self.text.clone()), |query, value| match value.clone() {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bool(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
        })
    }

    pub(super) fn sqlite_statement(&self) -> Statement<'static, Sqlite, SqliteArguments> {
        self.values.iter().fold(sqlx::query(self.text.clone()), |query, value| match value.clone() {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bool(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
        })
    }

    pub(super) fn postgres_statement(&self) -> Statement<'static, Postgres, PgArguments> {
        self.values.iter().fold(sqlx::query(self.text.clone()), |query, value| match value.clone() {
            Value::Int(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bool(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
        })
    }
}

macro_rules! value_from {
    ($($kind:ty => $variant:ident),* $(,)?) => { $(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                Self::$variant(Some(value.into()))
            }
        }

        impl From<Option<$kind>> for Value {
            fn from(value: Option<$kind>) -> Self {
                Self::$variant(value.map(Into::into))
            }
        }
    )* };
}

value_from!(i64 => Int, i32 => Int, u32 => Int, bool => Bool, f64 => Float, String => Text, &str => Text, &String => Text);
