//! The statements, one function each, on whatever connection or transaction they are given.
//!
//! Keys have been checked before; here they are only data.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::key::{self, RESERVED_END, RESERVED_PREFIX};

type Result<T> = std::result::Result<T, rusqlite::Error>;

/// How much a namespace holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many entries.
    pub keys: u64,
    /// Bytes of all keys and values.
    pub bytes: u64,
}

/// A run of keys of one namespace, in byte order, without the host's.
#[derive(Clone, Debug)]
pub(super) struct Range {
    first: String,
    end: Option<String>,
}

impl Range {
    /// The keys that begin with `prefix` and come after `cursor`.
    pub(super) fn new(prefix: &str, cursor: Option<&str>) -> Range {
        // The next string after the cursor is the cursor and a NUL character.
        let after = cursor.map(|cursor| format!("{cursor}\0")).unwrap_or_default();
        Range { first: after.max(prefix.to_owned()), end: key::end_of(prefix) }
    }

    /// The part of the run that comes after `key`, which is in it.
    pub(super) fn after(&self, key: &str) -> Range {
        Range { first: format!("{key}\0"), end: self.end.clone() }
    }

    /// Whether `key` is in the run.
    pub(super) fn contains(&self, key: &str) -> bool {
        key >= self.first.as_str()
            && self.end.as_deref().is_none_or(|end| key < end)
            && !key::is_reserved(key)
    }

    /// The first string that may be in the run.
    pub(super) fn first(&self) -> &str {
        &self.first
    }

    fn end(&self) -> ValueRef<'_> {
        // Every blob sorts after every text: an empty one stands for "no end".
        self.end.as_ref().map_or(ValueRef::Blob(&[]), |end| ValueRef::Text(end.as_bytes()))
    }
}

/// The value of `key`.
pub(super) fn get(db: &Connection, namespace: &str, key: &str) -> Result<Option<Vec<u8>>> {
    const SQL: &str = "SELECT value FROM entry WHERE namespace = ?1 AND key = ?2";
    db.prepare(SQL)?.query_row((namespace, key), |row| row.get(0)).optional()
}

/// Gives `key` the value `value`.
pub(super) fn set(db: &Connection, namespace: &str, key: &str, value: &[u8]) -> Result<()> {
    const SQL: &str = "INSERT INTO entry (namespace, key, value) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET value = excluded.value";
    run(db, SQL, (namespace, key, value)).map(drop)
}

/// Removes `key`, if it is there.
pub(super) fn delete(db: &Connection, namespace: &str, key: &str) -> Result<()> {
    run(db, "DELETE FROM entry WHERE namespace = ?1 AND key = ?2", (namespace, key)).map(drop)
}

/// Gives `key` the value `new` if it has the value `expected`; tells whether it had.
pub(super) fn cas(
    db: &Connection,
    namespace: &str,
    key: &str,
    expected: Option<&[u8]>,
    new: &[u8],
) -> Result<bool> {
    const MAKE: &str =
        "INSERT INTO entry (namespace, key, value) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
    const REPLACE: &str = "UPDATE entry SET value = ?3
        WHERE namespace = ?1 AND key = ?2 AND value = ?4";
    let changed = match expected {
        None => run(db, MAKE, (namespace, key, new))?,
        Some(expected) => run(db, REPLACE, (namespace, key, new, expected))?,
    };
    Ok(changed == 1)
}

/// The first `limit` keys of `range`.
pub(super) fn keys(
    db: &Connection,
    namespace: &str,
    range: &Range,
    limit: usize,
) -> Result<Vec<String>> {
    const SQL: &str = "SELECT key FROM entry
        WHERE namespace = ?1 AND key >= ?2 AND key < ?3 AND NOT (key >= ?4 AND key < ?5)
        ORDER BY key LIMIT ?6";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut statement = db.prepare(SQL)?;
    let rows = statement.query_map(
        (namespace, &range.first, Bound(range.end()), RESERVED_PREFIX, RESERVED_END, limit),
        |row| row.get(0),
    )?;
    rows.collect()
}

/// The keys of `range`, each with the bytes of its value.
pub(super) fn sizes(db: &Connection, namespace: &str, range: &Range) -> Result<Vec<(String, u64)>> {
    const SQL: &str = "SELECT key, length(value) FROM entry
        WHERE namespace = ?1 AND key >= ?2 AND key < ?3 AND NOT (key >= ?4 AND key < ?5)
        ORDER BY key";
    let mut statement = db.prepare(SQL)?;
    let end = Bound(range.end());
    let rows = statement
        .query_map((namespace, &range.first, end, RESERVED_PREFIX, RESERVED_END), |row| {
            Ok((row.get(0)?, count(row, 1)?))
        })?;
    rows.collect()
}

/// Removes the keys of `range` and tells how many there were.
pub(super) fn clear(db: &Connection, namespace: &str, range: &Range) -> Result<u64> {
    const SQL: &str = "DELETE FROM entry
        WHERE namespace = ?1 AND key >= ?2 AND key < ?3 AND NOT (key >= ?4 AND key < ?5)";
    let end = Bound(range.end());
    run(db, SQL, (namespace, &range.first, end, RESERVED_PREFIX, RESERVED_END))
}

/// Removes everything in `namespace` and tells how much there was.
pub(super) fn remove_namespace(db: &Connection, namespace: &str) -> Result<u64> {
    run(db, "DELETE FROM entry WHERE namespace = ?1", (namespace,))
}

/// The first namespace after `last` that has entries.
pub(super) fn next_namespace(db: &Connection, last: &str) -> Result<Option<String>> {
    const SQL: &str = "SELECT namespace FROM entry WHERE namespace > ?1
        ORDER BY namespace LIMIT 1";
    db.prepare(SQL)?.query_row((last,), |row| row.get(0)).optional()
}

/// How much is in `namespace`.
pub(super) fn usage(db: &Connection, namespace: &str) -> Result<Usage> {
    const SQL: &str = "SELECT count(*), coalesce(sum(octet_length(key) + length(value)), 0)
        FROM entry WHERE namespace = ?1";
    db.prepare(SQL)?
        .query_row((namespace,), |row| Ok(Usage { keys: count(row, 0)?, bytes: count(row, 1)? }))
}

/// Calls `visit` with every entry of `namespace` in byte order, as of one moment.
pub(super) fn each_entry<E: From<rusqlite::Error>>(
    db: &Connection,
    namespace: &str,
    mut visit: impl FnMut(&str, &[u8]) -> std::result::Result<(), E>,
) -> std::result::Result<(), E> {
    const SQL: &str = "SELECT key, value FROM entry WHERE namespace = ?1
        AND NOT (key >= ?2 AND key < ?3) ORDER BY key";
    let mut statement = db.prepare(SQL)?;
    let mut rows = statement.query((namespace, RESERVED_PREFIX, RESERVED_END))?;
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        let value = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        visit(key, value)?;
    }
    Ok(())
}

/// Records that the writes named `token` are in; tells whether they were not before.
pub(super) fn mark_applied(db: &Connection, token: &str) -> Result<bool> {
    let made = run(db, "INSERT INTO applied VALUES (?1) ON CONFLICT DO NOTHING", (token,))?;
    Ok(made == 1)
}

/// Whether the writes named `token` are in.
pub(super) fn is_applied(db: &Connection, token: &str) -> Result<bool> {
    db.prepare("SELECT 1 FROM applied WHERE token = ?1")?.exists((token,))
}

/// Drops the record of the writes named `token`.
pub(super) fn forget_applied(db: &Connection, token: &str) -> Result<()> {
    run(db, "DELETE FROM applied WHERE token = ?1", (token,)).map(drop)
}

/// Looks for damage and describes what was found, at most `limit` places.
pub(super) fn damage(db: &Connection, limit: u32) -> Result<Vec<String>> {
    let mut statement = db.prepare(&format!("PRAGMA quick_check({limit})"))?;
    let found: Vec<String> = statement.query_map((), |row| row.get(0))?.collect::<Result<_>>()?;
    Ok(found.into_iter().filter(|line| line != "ok").collect())
}

fn run(db: &Connection, sql: &str, params: impl Params) -> Result<u64> {
    let changed = db.prepare(sql)?.execute(params)?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

fn count(row: &Row<'_>, column: usize) -> Result<u64> {
    let found: i64 = row.get(column)?;
    u64::try_from(found).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, found))
}

/// A borrowed value as a parameter.
struct Bound<'a>(ValueRef<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(self.0))
    }
}
