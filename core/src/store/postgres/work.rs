//! Which objects of streams have to be looked at.

use std::collections::HashMap;

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use super::codec::{Columns, failed};
use super::streams::{STREAM, names};
use super::transaction::PostgresTransaction;
use crate::base::{Result, Timestamp};
use crate::domain::{NewWork, Postponed, StreamKey, WorkCounts, WorkItem, WorkStore};
use crate::store::missing::no_stream;
use crate::store::text::storable;

const COLUMNS: &str = "id, generation, note, attempts, due_at, aside, error_code, error_message, since";

fn read(row: &PgRow) -> Result<WorkItem> {
    let row = Columns(row);
    Ok(WorkItem {
        id: row.text("id")?,
        generation: row.unsigned("generation")?,
        note: row.optional_text("note")?,
        attempts: row.small("attempts")?,
        due_at: row.instant("due_at")?,
        aside: row.flag("aside")?,
        error_code: row.optional_text("error_code")?,
        error_message: row.optional_text("error_message")?,
        since: row.instant("since")?,
    })
}

fn text(text: &str) -> String {
    storable(text).into_owned()
}

/// A list of one field of each try.
fn each<'a, T>(tries: &'a [Postponed], field: impl Fn(&'a Postponed) -> T) -> Vec<T> {
    tries.iter().map(field).collect()
}

#[async_trait]
impl WorkStore for PostgresTransaction {
    async fn add_work(&mut self, stream: &StreamKey, work: &[NewWork], now: Timestamp) -> Result<()> {
        if work.is_empty() {
            return Ok(());
        }
        // The last counts of those that are given twice; all writers lock them in one order.
        let sql = r#"INSERT INTO besunny.sync_work AS kept
                 (stream, id, tenant_id, generation, note, attempts, due_at, aside, since)
             SELECT streams.sequence, asked.id, streams.tenant_id, nextval('besunny.sync_generations'), asked.note,
                 0, $6, false, $6
             FROM besunny.sync_streams AS streams, (
                 SELECT DISTINCT ON (id COLLATE "C") id, note FROM unnest($4::text[], $5::text[])
                 WITH ORDINALITY AS listed (id, note, place) ORDER BY id COLLATE "C", place DESC) AS asked
             WHERE streams.tenant_id = $1 AND streams.account_id = $2 AND streams.name = $3
             ORDER BY asked.id COLLATE "C"
             ON CONFLICT (stream, id) DO UPDATE SET generation = nextval('besunny.sync_generations'),
                 note = excluded.note, attempts = 0, due_at = least(kept.due_at, excluded.due_at), aside = false,
                 error_code = NULL, error_message = NULL"#;
        let done = self
            .of_stream(sql.to_owned(), stream)
            .bind(work.iter().map(|new| text(&new.id)).collect::<Vec<_>>())
            .bind(work.iter().map(|new| new.note.as_deref().map(text)).collect::<Vec<_>>())
            .bind(now.as_micros())
            .execute(self.connection())
            .await
            .map_err(failed("work.add"))?;
        match done.rows_affected() {
            0 => Err(no_stream("work.add", stream)),
            _ => Ok(()),
        }
    }

    async fn due_work(&mut self, stream: &StreamKey, now: Timestamp, limit: u32) -> Result<Vec<WorkItem>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM besunny.sync_work WHERE stream = {STREAM} AND due_at <= $4
             ORDER BY due_at, id LIMIT $5"
        );
        let query = self.of_stream(sql, stream).bind(now.as_micros()).bind(i64::from(limit));
        let rows = query.fetch_all(self.connection()).await.map_err(failed("work.due"))?;
        rows.iter().map(read).collect()
    }

    async fn work_items(&mut self, stream: &StreamKey, ids: &[&str]) -> Result<Vec<Option<WorkItem>>> {
        let sql =
            format!("SELECT {COLUMNS} FROM besunny.sync_work WHERE stream = {STREAM} AND id = ANY ($4)");
        let query = self.of_stream(sql, stream).bind(names(ids));
        let rows = query.fetch_all(self.connection()).await.map_err(failed("work.get"))?;
        let found = rows.iter().map(read).map(|item| item.map(|item| (item.id.clone(), item)));
        let found: HashMap<String, WorkItem> = found.collect::<Result<_>>()?;
        Ok(ids.iter().map(|id| found.get(storable(id).as_ref()).cloned()).collect())
    }

    async fn finish_work(&mut self, stream: &StreamKey, done: &[(&str, u64)]) -> Result<()> {
        let sql = format!(
            "DELETE FROM besunny.sync_work AS work USING unnest($4::text[], $5::bigint[]) AS done (id, generation)
             WHERE work.stream = {STREAM} AND work.id = done.id AND work.generation = done.generation"
        );
        let query = self
            .of_stream(sql, stream)
            .bind(done.iter().map(|(id, _)| text(id)).collect::<Vec<_>>())
            .bind(done.iter().map(|(_, generation)| generation.cast_signed()).collect::<Vec<_>>());
        query.execute(self.connection()).await.map_err(failed("work.finish"))?;
        Ok(())
    }

    async fn postpone_work(&mut self, stream: &StreamKey, tries: &[Postponed]) -> Result<()> {
        let sql = format!(
            "UPDATE besunny.sync_work AS work SET attempts = tried.attempts, due_at = tried.due_at,
                 aside = tried.aside, error_code = tried.code, error_message = tried.message
             FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::boolean[], $9::text[], $10::text[])
                 AS tried (id, generation, attempts, due_at, aside, code, message)
             WHERE work.stream = {STREAM} AND work.id = tried.id AND work.generation = tried.generation"
        );
        let query = self
            .of_stream(sql, stream)
            .bind(each(tries, |tried| text(&tried.id)))
            .bind(each(tries, |tried| tried.generation.cast_signed()))
            .bind(each(tries, |tried| i64::from(tried.attempts)))
            .bind(each(tries, |tried| tried.due_at.as_micros()))
            .bind(each(tries, |tried| tried.aside))
            .bind(each(tries, |tried| text(&tried.error_code)))
            .bind(each(tries, |tried| text(&tried.error_message)));
        query.execute(self.connection()).await.map_err(failed("work.postpone"))?;
        Ok(())
    }

    async fn retry_aside(&mut self, stream: &StreamKey, now: Timestamp) -> Result<u64> {
        let sql = format!(
            "UPDATE besunny.sync_work SET due_at = least(due_at, $4) WHERE stream = {STREAM} AND aside"
        );
        let query = self.of_stream(sql, stream).bind(now.as_micros());
        let done = query.execute(self.connection()).await.map_err(failed("work.retry"))?;
        Ok(done.rows_affected())
    }

    async fn aside(&mut self, stream: &StreamKey, after: Option<&str>, limit: u32) -> Result<Vec<WorkItem>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM besunny.sync_work
             WHERE stream = {STREAM} AND aside AND ($4::text IS NULL OR id > $4) ORDER BY id LIMIT $5"
        );
        let query = self.of_stream(sql, stream).bind(after.map(text)).bind(i64::from(limit));
        let rows = query.fetch_all(self.connection()).await.map_err(failed("work.aside"))?;
        rows.iter().map(read).collect()
    }

    async fn work_counts(&mut self, stream: &StreamKey) -> Result<WorkCounts> {
        let sql = format!(
            "SELECT count(*) FILTER (WHERE NOT aside) AS waiting, count(*) FILTER (WHERE aside) AS aside,
                 min(due_at) AS next_at, min(since) FILTER (WHERE NOT aside) AS oldest_since
             FROM besunny.sync_work WHERE stream = {STREAM}"
        );
        let row = self.of_stream(sql, stream).fetch_one(self.connection()).await;
        let row = row.map_err(failed("work.count"))?;
        let row = Columns(&row);
        Ok(WorkCounts {
            waiting: row.unsigned("waiting")?,
            aside: row.unsigned("aside")?,
            next_at: row.optional_instant("next_at")?,
            oldest_since: row.optional_instant("oldest_since")?,
        })
    }
}
