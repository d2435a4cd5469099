//! Statements that write many rows at once, with their values.

use tokio_postgres::types::ToSql;

use crate::link::Ask;

/// One statement that writes many rows: a list of values for each column.
pub(crate) struct Bulk {
    sql: &'static str,
    columns: Vec<Box<dyn ToSql + Sync>>,
    rows: usize,
}

impl Bulk {
    /// A statement whose first value is the key of a namespace.
    pub(crate) fn new(sql: &'static str, ns: i64) -> Self {
        Self { sql, columns: vec![Box::new(ns)], rows: 0 }
    }

    /// A statement about one row, whose first value is the key of a namespace.
    pub(crate) fn one(sql: &'static str, ns: i64) -> Self {
        Self { rows: 1, ..Self::new(sql, ns) }
    }

    /// With one more column.
    pub(crate) fn column<T: ToSql + Sync + 'static>(mut self, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<T> = values.into_iter().collect();
        self.rows = self.rows.max(values.len());
        self.columns.push(Box::new(values));
        self
    }

    /// With one value.
    pub(crate) fn value(mut self, value: impl ToSql + Sync + 'static) -> Self {
        self.columns.push(Box::new(value));
        self
    }

    /// The statement; nothing where there are no rows.
    pub(crate) fn ask(&self) -> Option<Ask<'_>> {
        let values = self.columns.iter().map(|column| &**column);
        (self.rows > 0).then(|| (self.sql, values.collect()))
    }
}
