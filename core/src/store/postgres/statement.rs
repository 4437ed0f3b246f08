//! The one way to a statement.
//!
//! A transaction pooler gives each transaction another session, so a statement must leave
//! nothing behind: none is prepared under a name, and each runs inside a transaction. A test
//! sees to it that no other file of this folder makes statements by itself.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{Postgres, QueryBuilder, RawSql, SqlSafeStr};

/// A statement to which values are still to be bound.
pub(super) type Statement<'q> = Query<'q, Postgres, PgArguments>;

/// A statement with parameters; bind them, then run it on a transaction's connection.
pub(super) fn statement<'q>(sql: impl SqlSafeStr) -> Statement<'q> {
    sqlx::query(sql).persistent(false)
}

/// Begins a statement that is put together from parts; [`built`] ends it.
pub(super) fn build(sql: impl Into<String>) -> QueryBuilder<Postgres> {
    QueryBuilder::new(sql)
}

/// The statement that was put together.
pub(super) fn built(builder: &mut QueryBuilder<Postgres>) -> Statement<'_> {
    builder.build().persistent(false)
}

/// Statements without parameters, in one message and one transaction.
pub(super) fn script(sql: impl SqlSafeStr) -> RawSql {
    sqlx::raw_sql(sql)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn no_other_file_makes_statements() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/postgres");
        let mut looked_at = 0;
        for entry in std::fs::read_dir(folder).expect("lists") {
            let path = entry.expect("lists").path();
            if path.extension().is_none_or(|extension| extension != "rs") || path.ends_with("statement.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).expect("reads");
            looked_at += 1;
            for stray in ["sqlx::query", "query_as", "query_scalar", "QueryBuilder::", "raw_sql", ".prepare"]
            {
                assert!(!text.contains(stray), "{}: {stray}; use `statement`", path.display());
            }
        }
        assert!(looked_at > 10);
    }
}
