//! What the objects of streams are at the source.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use serde_json::{Value, json};
use sqlx::sqlite::SqliteRow;

use super::codec::{Columns, failed, hex, json as json_text};
use super::streams::{STREAM, read_key};
use super::transaction::SqliteTransaction;
use crate::base::{DocumentId, Result};
use crate::domain::{MirrorObject, ObjectStore, StreamKey};
use crate::store::missing::no_stream;
use crate::store::text::{optional, storable};

const COLUMNS: &str = "id, parent, version, data, document, seen";

fn read(row: &SqliteRow) -> Result<MirrorObject> {
    let row = Columns(row);
    Ok(MirrorObject {
        id: row.text("id")?,
        parent: row.optional_text("parent")?,
        version: row.optional_text("version")?,
        data: row.text("data")?,
        document: row.optional_bytes("document")?.map(DocumentId::from_bytes),
        seen: row.unsigned("seen")?,
    })
}

/// An object as an element of the JSON list that writing takes.
fn row_of(object: &MirrorObject) -> Value {
    json!([
        storable(&object.id),
        optional(object.parent.as_deref()),
        optional(object.version.as_deref()),
        storable(&object.data),
        object.document.map(|id| hex(id.as_bytes())),
        object.seen.cast_signed(),
    ])
}

/// Names as the list that `SELECT value FROM json_each(?)` takes apart again.
pub(super) fn names_json(names: &[&str]) -> Result<String> {
    json_text(&names.iter().map(|name| storable(name)).collect::<Vec<_>>())
}

#[async_trait]
impl ObjectStore for SqliteTransaction {
    async fn put_objects(&mut self, stream: &StreamKey, objects: &[MirrorObject]) -> Result<()> {
        if objects.is_empty() {
            return Ok(());
        }
        let sql = "INSERT INTO sync_objects (stream, id, tenant_id, parent, version, data, document, seen)
             SELECT streams.sequence, value->>0, streams.tenant_id, value->>1, value->>2, value->>3,
                 (SELECT documents.id FROM documents
                  WHERE documents.id = unhex(value->>4) AND (?5 OR documents.tenant_id = ?1)), value->>5
             FROM sync_streams AS streams, json_each(?4)
             WHERE streams.tenant_id = ?1 AND streams.account_id = ?2 AND streams.name = ?3 ORDER BY key
             ON CONFLICT (stream, id) DO UPDATE SET parent = excluded.parent, version = excluded.version,
                 data = excluded.data, document = excluded.document, seen = excluded.seen";
        let rows: Vec<Value> = objects.iter().map(row_of).collect();
        let done = self
            .of_stream(sql.to_owned(), stream)
            .bind(json_text(&rows)?)
            .bind(self.sees_all())
            .execute(self.connection())
            .await
            .map_err(failed("objects.put"))?;
        match done.rows_affected() {
            0 => Err(no_stream("objects.put", stream)),
            _ => Ok(()),
        }
    }

    async fn objects(&mut self, stream: &StreamKey, ids: &[&str]) -> Result<Vec<Option<MirrorObject>>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sync_objects WHERE stream = {STREAM} AND id IN (SELECT value FROM json_each(?4))"
        );
        let query = self.of_stream(sql, stream).bind(names_json(ids)?);
        let rows = query.fetch_all(self.connection()).await.map_err(failed("objects.get"))?;
        let found = rows.iter().map(read).map(|object| object.map(|object| (object.id.clone(), object)));
        let found: HashMap<String, MirrorObject> = found.collect::<Result<_>>()?;
        Ok(ids.iter().map(|id| found.get(storable(id).as_ref()).cloned()).collect())
    }

    async fn objects_after(
        &mut self,
        stream: &StreamKey,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<MirrorObject>> {
        let beyond = if after.is_some() { "AND id > ?4" } else { "" };
        let sql = format!(
            "SELECT {COLUMNS} FROM sync_objects WHERE stream = {STREAM} {beyond} ORDER BY id LIMIT ?5"
        );
        let after = optional(after).map(|id| id.into_owned());
        let query = self.of_stream(sql, stream).bind(after).bind(limit);
        let rows = query.fetch_all(self.connection()).await.map_err(failed("objects.list"))?;
        rows.iter().map(read).collect()
    }

    async fn children(&mut self, stream: &StreamKey, parents: &[&str]) -> Result<Vec<MirrorObject>> {
        // Sorted afterwards: an index by id would be walked from end to end.
        let sql = format!(
            "SELECT {COLUMNS} FROM sync_objects WHERE stream = {STREAM} AND parent IS NOT NULL
                 AND parent IN (SELECT value FROM json_each(?4)) ORDER BY +id"
        );
        let query = self.of_stream(sql, stream).bind(names_json(parents)?);
        let rows = query.fetch_all(self.connection()).await.map_err(failed("objects.children"))?;
        rows.iter().map(read).collect()
    }

    async fn mark_seen(&mut self, stream: &StreamKey, ids: &[&str], snapshot: u64) -> Result<Vec<String>> {
        let sql = format!(
            "UPDATE sync_objects SET seen = ?5
             WHERE stream = {STREAM} AND id IN (SELECT value FROM json_each(?4)) RETURNING id"
        );
        let query = self.of_stream(sql, stream).bind(names_json(ids)?).bind(snapshot.cast_signed());
        let rows = query.fetch_all(self.connection()).await.map_err(failed("objects.seen"))?;
        let seen: HashSet<String> = rows.iter().map(|row| Columns(row).text("id")).collect::<Result<_>>()?;
        let is_missing = |id: &&&str| !seen.contains(storable(id).as_ref());
        Ok(ids.iter().filter(is_missing).map(|id| (*id).to_owned()).collect())
    }

    async fn unseen(&mut self, stream: &StreamKey, snapshot: u64, limit: u32) -> Result<Vec<MirrorObject>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM sync_objects WHERE stream = {STREAM} AND seen < ?4 ORDER BY id LIMIT ?5"
        );
        let query = self.of_stream(sql, stream).bind(snapshot.cast_signed()).bind(limit);
        let rows = query.fetch_all(self.connection()).await.map_err(failed("objects.unseen"))?;
        rows.iter().map(read).collect()
    }

    async fn delete_objects(&mut self, stream: &StreamKey, ids: &[&str]) -> Result<()> {
        let sql = format!(
            "DELETE FROM sync_objects WHERE stream = {STREAM} AND id IN (SELECT value FROM json_each(?4))"
        );
        let query = self.of_stream(sql, stream).bind(names_json(ids)?);
        query.execute(self.connection()).await.map_err(failed("objects.delete"))?;
        Ok(())
    }

    async fn objects_of_document(&mut self, document: DocumentId) -> Result<Vec<(StreamKey, String)>> {
        let rows = sqlx::query(
            "SELECT streams.account_id, streams.name, objects.id FROM sync_objects AS objects
             JOIN sync_streams AS streams ON streams.sequence = objects.stream
             WHERE objects.tenant_id = ? AND objects.document = ? AND objects.document IS NOT NULL
             ORDER BY streams.account_id, streams.name, objects.id",
        )
        .bind(self.tenant())
        .bind(document.as_bytes().as_slice())
        .fetch_all(self.connection())
        .await
        .map_err(failed("objects.of_document"))?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                Ok((read_key(&row)?, row.text("id")?))
            })
            .collect()
    }

    async fn count_objects(&mut self, stream: &StreamKey) -> Result<u64> {
        let sql = format!("SELECT COUNT(*) AS objects FROM sync_objects WHERE stream = {STREAM}");
        let row = self.of_stream(sql, stream).fetch_one(self.connection()).await;
        Columns(&row.map_err(failed("objects.count"))?).unsigned("objects")
    }
}
