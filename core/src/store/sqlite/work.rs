//! Which objects of streams have to be looked at.

use std::collections::HashMap;

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;

use super::codec::{Columns, failed, json as json_text};
use super::objects::names_json;
use super::streams::STREAM;
use super::transaction::SqliteTransaction;
use crate::base::{Result, Timestamp};
use crate::domain::{NewWork, Postponed, StreamKey, WorkCounts, WorkItem, WorkStore};
use crate::store::missing::no_stream;
use crate::store::text::{optional, storable};

const COLUMNS: &str = "id, generation, note, attempts, due_at, aside, error_code, error_message, since";

fn read(row: &SqliteRow) -> Result<WorkItem> {
    let row = Columns(row);
    Ok(WorkItem {
        id: row.text("id")?,
        generation: row.unsigned("generation")?,
        note: row.optional_text("note")?,
        attempts: row.small("attempts")?,
        due_at: row.time("due_at")?,
        aside: row.flag("aside")?,
        error_code: row.optional_text("error_code")?,
        error_message: row.optional_text("error_message")?,
        since: row.time("since")?,
    })
}

/// A try as an element of the JSON list that postponing takes.
fn row_of(tried: &Postponed) -> Value {
    json!([
        storable(&tried.id),
        tried.generation.cast_signed(),
        tried.attempts,
        tried.due_at.as_micros(),
        i64::from(tried.aside),
        storable(&tried.error_code),
        storable(&tried.error_message),
    ])
}

#[async_trait]
impl WorkStore for SqliteTransaction {
    async fn add_work(&mut self, stream: &StreamKey, work: &[NewWork], now: Timestamp) -> Result<()> {
        if work.is_empty() {
            return Ok(());
        }
        // What replaces a row gets a new generation; it takes over what is to be kept.
        let sql = "INSERT OR REPLACE INTO sync_work (stream, id, tenant_id, note, attempts, due_at, aside, since)
             SELECT streams.sequence, asked.value->>0, streams.tenant_id, asked.value->>1, 0,
                 MIN(COALESCE(kept.due_at, ?5), ?5), 0, COALESCE(kept.since, ?5)
             FROM sync_streams AS streams CROSS JOIN json_each(?4) AS asked
             LEFT JOIN sync_work AS kept ON kept.stream = streams.sequence AND kept.id = asked.value->>0
             WHERE streams.tenant_id = ?1 AND streams.account_id = ?2 AND streams.name = ?3 ORDER BY asked.key";
        let rows: Vec<Value> =
            work.iter().map(|new| json!([storable(&new.id), optional(new.note.as_deref())])).collect();
        let done = self
            .of_stream(sql.to_owned(), stream)
            .bind(json_text(&rows)?)
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
            "SELECT {COLUMNS} FROM sync_work WHERE stream = {STREAM} AND due_at <= ?4 ORDER BY due_at, id LIMIT ?5"
        );
        let query = self.of_stream(sql, stream).bind(now.as_micros()).bind(limit);
        let rows = query.fetch_all(self.connection()).await.map_err(failed("work.due"))?;
        rows.iter().map(read).collect()
    }

    async fn work_items(&mut self, stream: &StreamKey, ids: &[&str]) -> Result<Vec<Option<WorkItem>>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sync_work WHERE stream = {STREAM} AND id IN (SELECT value FROM json_each(?4))"
        );
        let query = self.of_stream(sql, stream).bind(names_json(ids)?);
        let rows = query.fetch_all(self.connection()).await.map_err(failed("work.get"))?;
        let found = rows.iter().map(read).map(|item| item.map(|item| (item.id.clone(), item)));
        let found: HashMap<String, WorkItem> = found.collect::<Result<_>>()?;
        Ok(ids.iter().map(|id| found.get(storable(id).as_ref()).cloned()).collect())
    }

    async fn finish_work(&mut self, stream: &StreamKey, done: &[(&str, u64)]) -> Result<()> {
        // Each by its number, or all of one list would be tried with all of the other.
        let sql = format!(
            "DELETE FROM sync_work WHERE generation IN (SELECT work.generation FROM json_each(?4) AS done
                 CROSS JOIN sync_work AS work ON work.generation = done.value->>1 AND work.id = done.value->>0
                 WHERE work.stream = {STREAM})"
        );
        let rows: Vec<Value> =
            done.iter().map(|(id, generation)| json!([storable(id), generation.cast_signed()])).collect();
        let query = self.of_stream(sql, stream).bind(json_text(&rows)?);
        query.execute(self.connection()).await.map_err(failed("work.finish"))?;
        Ok(())
    }

    async fn postpone_work(&mut self, stream: &StreamKey, tries: &[Postponed]) -> Result<()> {
        // Found by their numbers, not among all of the stream.
        let sql = format!(
            "UPDATE sync_work SET attempts = tried.value->>2, due_at = tried.value->>3, aside = tried.value->>4,
                 error_code = tried.value->>5, error_message = tried.value->>6
             FROM json_each(?4) AS tried
             WHERE sync_work.generation = tried.value->>1 AND sync_work.id = tried.value->>0
                 AND +sync_work.stream = {STREAM}"
        );
        let rows: Vec<Value> = tries.iter().map(row_of).collect();
        let query = self.of_stream(sql, stream).bind(json_text(&rows)?);
        query.execute(self.connection()).await.map_err(failed("work.postpone"))?;
        Ok(())
    }

    async fn retry_aside(&mut self, stream: &StreamKey, now: Timestamp) -> Result<u64> {
        let sql =
            format!("UPDATE sync_work SET due_at = MIN(due_at, ?4) WHERE stream = {STREAM} AND aside = 1");
        let query = self.of_stream(sql, stream).bind(now.as_micros());
        let done = query.execute(self.connection()).await.map_err(failed("work.retry"))?;
        Ok(done.rows_affected())
    }

    async fn aside(&mut self, stream: &StreamKey, after: Option<&str>, limit: u32) -> Result<Vec<WorkItem>> {
        let beyond = if after.is_some() { "AND id > ?4" } else { "" };
        let sql = format!(
            "SELECT {COLUMNS} FROM sync_work WHERE stream = {STREAM} AND aside = 1 {beyond} ORDER BY id LIMIT ?5"
        );
        let after = optional(after).map(|id| id.into_owned());
        let query = self.of_stream(sql, stream).bind(after).bind(limit);
        let rows = query.fetch_all(self.connection()).await.map_err(failed("work.aside"))?;
        rows.iter().map(read).collect()
    }

    async fn work_counts(&mut self, stream: &StreamKey) -> Result<WorkCounts> {
        let sql = format!(
            "SELECT COUNT(*) FILTER (WHERE aside = 0) AS waiting, COUNT(*) FILTER (WHERE aside = 1) AS aside,
                 MIN(due_at) AS next_at, MIN(since) FILTER (WHERE aside = 0) AS oldest_since
             FROM sync_work WHERE stream = {STREAM}"
        );
        let row = self.of_stream(sql, stream).fetch_one(self.connection()).await;
        let row = row.map_err(failed("work.count"))?;
        let row = Columns(&row);
        Ok(WorkCounts {
            waiting: row.unsigned("waiting")?,
            aside: row.unsigned("aside")?,
            next_at: row.optional_time("next_at")?,
            oldest_since: row.optional_time("oldest_since")?,
        })
    }
}
