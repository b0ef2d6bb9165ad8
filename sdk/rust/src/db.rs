//! The plugin's own tables, in the host's database.

use crate::abi;
use crate::base64;
use crate::jobs::NewJob;
use crate::json::{self, FromJson, Value};
use crate::{ErrorKind, HostError};

/// Values for the parameters of a statement: `params![7, "text", None::<i64>]`.
#[macro_export]
macro_rules! params {
    () => {
        &[] as &[$crate::Value]
    };
    ($($value:expr),+ $(,)?) => {
        &[$($crate::Value::from($value)),+] as &[$crate::Value]
    };
}

/// What a statement answered: rows, or how many rows it changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    columns: Vec<String>,
    rows: Vec<Value>,
    truncated: bool,
    rows_affected: u64,
}

/// One of the [`Rows`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    columns: &'a [String],
    values: &'a [Value],
}

/// A column of a [`Row`]: its name, or its place from 0.
pub trait Column: Copy {
    /// The place of this column in a row.
    fn place(self, columns: &[String]) -> Option<usize>;

    /// For messages.
    fn name(self) -> String;
}

impl Column for usize {
    fn place(self, _columns: &[String]) -> Option<usize> {
        Some(self)
    }

    fn name(self) -> String {
        self.to_string()
    }
}

impl Column for &str {
    fn place(self, columns: &[String]) -> Option<usize> {
        columns.iter().position(|name| name == self)
    }

    fn name(self) -> String {
        self.to_owned()
    }
}

/// Statements that run in one transaction: all of them, or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    statements: Vec<Value>,
    jobs: Vec<Value>,
}

/// Reads rows, in a transaction that changes nothing. A `?` in the SQL stands for a parameter. Needs
/// the capability `db.read`.
///
/// ```
/// # use gonext::{db, params, HostError};
/// # fn titles() -> Result<Vec<String>, HostError> {
/// let rows = db::query("select title from post where author = ?", params!["ada"])?;
/// rows.iter().map(|row| row.get("title")).collect()
/// # }
/// ```
pub fn query(sql: &str, params: &[Value]) -> Result<Rows, HostError> {
    rows(&abi::db_read(sql, &list(params))?)
}

/// Changes rows, and returns how many. Needs the capability `db.write`.
pub fn execute(sql: &str, params: &[Value]) -> Result<u64, HostError> {
    Ok(execute_returning(sql, params)?.rows_affected)
}

/// Changes rows with a statement that returns some: `insert into post (title) values (?) returning
/// id`. Needs the capability `db.write`.
pub fn execute_returning(sql: &str, params: &[Value]) -> Result<Rows, HostError> {
    rows(&abi::db_write(sql, &list(params))?)
}

/// Runs statements in one transaction, and returns the result of each. Needs the capability
/// `db.write`.
pub fn batch(batch: &Batch) -> Result<Vec<Rows>, HostError> {
    let mut request = vec![("statements".to_owned(), Value::Array(batch.statements.clone()))];
    if !batch.jobs.is_empty() {
        request.push(("enqueue".to_owned(), Value::Array(batch.jobs.clone())));
    }
    let answer = abi::db_batch(&Value::Object(request).to_json())?;
    let answer = json::parse(&answer).map_err(|_| HostError::internal())?;
    let results = answer.get("results").and_then(Value::as_array);
    let results: Option<Vec<Rows>> =
        results.and_then(|results| results.iter().map(Rows::from_value).collect());
    results
        .filter(|results| results.len() == batch.statements.len())
        .ok_or_else(HostError::internal)
}

/// Bytes as a parameter of a statement: `params![db::bytes(&photo)]`.
pub fn bytes(bytes: &[u8]) -> Value {
    base64::encode(bytes).into()
}

fn list(params: &[Value]) -> String {
    let mut out = String::new();
    json::write_array(params, &mut out);
    out
}

fn rows(answer: &[u8]) -> Result<Rows, HostError> {
    let value = json::parse(answer).map_err(|_| HostError::internal())?;
    Rows::from_value(&value).ok_or_else(HostError::internal)
}

impl Batch {
    pub fn new() -> Batch {
        Batch::default()
    }

    /// Adds a statement.
    pub fn execute(mut self, sql: &str, params: &[Value]) -> Batch {
        let args = Value::Array(params.to_vec());
        self.statements.push(Value::object([("sql", sql.into()), ("args", args)]));
        self
    }

    /// Adds a job, which exists if the transaction is committed.
    pub fn enqueue(mut self, job: &NewJob) -> Batch {
        self.jobs.push(job.to_value());
        self
    }
}

impl Rows {
    fn from_value(value: &Value) -> Option<Rows> {
        let affected = value.get("rows_affected").and_then(u64::from_json);
        let rows = match value.get("rows") {
            None => return Some(Rows { rows_affected: affected?, ..Rows::none() }),
            Some(rows) => rows.as_array()?,
        };
        if rows.iter().any(|row| row.as_array().is_none()) {
            return None;
        }
        Some(Rows {
            columns: Vec::from_json(value.get("columns")?)?,
            rows: rows.to_vec(),
            truncated: value.get("truncated").and_then(bool::from_json).unwrap_or(false),
            rows_affected: affected.unwrap_or(rows.len() as u64),
        })
    }

    fn none() -> Rows {
        Rows { columns: Vec::new(), rows: Vec::new(), truncated: false, rows_affected: 0 }
    }

    pub fn iter(&self) -> impl Iterator<Item = Row<'_>> + '_ {
        self.rows.iter().map(move |row| Row {
            columns: &self.columns,
            values: row.as_array().unwrap_or_default(),
        })
    }

    /// The first row.
    pub fn first(&self) -> Option<Row<'_>> {
        self.iter().next()
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Whether there are more rows than the host returns.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// How many rows a statement changed, or how many it returned.
    pub fn rows_affected(&self) -> u64 {
        self.rows_affected
    }
}

impl Row<'_> {
    /// The value of a column: `row.get::<i64>("id")`. For a column that may be null, take an
    /// `Option`. The host writes numbers as text where a reader of JSON might round them; they are
    /// numbers here.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongType`] when there is no such column, or its value is not a `T`.
    pub fn get<T: FromJson>(&self, column: impl Column) -> Result<T, HostError> {
        column
            .place(self.columns)
            .and_then(|place| self.values.get(place))
            .and_then(|value| T::from_json(value).or_else(|| T::from_json(&number(value)?)))
            .ok_or_else(|| {
                let wanted = format!("column {} is not {}", column.name(), T::NAME);
                HostError::found(ErrorKind::WrongType, wanted)
            })
    }

    /// The bytes of a binary column.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::WrongType`] when there is no such column, or its value is not bytes.
    pub fn bytes(&self, column: impl Column) -> Result<Vec<u8>, HostError> {
        let text = self.get::<String>(column).ok();
        text.and_then(|text| base64::decode(&text)).ok_or_else(|| {
            let wanted = format!("column {} is not bytes", column.name());
            HostError::found(ErrorKind::WrongType, wanted)
        })
    }

    /// The names of the columns.
    pub fn columns(&self) -> &[String] {
        self.columns
    }

    /// All values, in the order of the columns.
    pub fn values(&self) -> &[Value] {
        self.values
    }
}

/// The number that a text holds.
fn number(value: &Value) -> Option<Value> {
    let number = json::parse(value.as_str()?.as_bytes()).ok()?;
    if matches!(number, Value::Number(_)) {
        Some(number)
    } else {
        None
    }
}

/// What a test returns.
#[cfg(not(target_family = "wasm"))]
mod for_tests {
    use super::*;

    impl Rows {
        /// Rows for [`testing::Host`](crate::testing::Host).
        pub fn of(columns: &[&str], rows: Vec<Vec<Value>>) -> Rows {
            Rows {
                columns: columns.iter().map(|name| (*name).to_owned()).collect(),
                rows_affected: rows.len() as u64,
                rows: rows.into_iter().map(Value::Array).collect(),
                truncated: false,
            }
        }

        /// The answer of a statement that changed some rows, for
        /// [`testing::Host`](crate::testing::Host).
        pub fn affected(count: u64) -> Rows {
            Rows { rows_affected: count, ..Rows::none() }
        }

        pub(crate) fn to_value(&self) -> Value {
            if self.columns.is_empty() {
                return Value::object([("rows_affected", self.rows_affected.into())]);
            }
            Value::object([
                ("columns", self.columns.clone().into()),
                ("rows", Value::Array(self.rows.clone())),
                ("truncated", self.truncated.into()),
            ])
        }
    }
}
