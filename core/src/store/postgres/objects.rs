//! What the objects of streams are at the source.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use super::codec::{Columns, failed, uuid};
use super::statement::statement;
use super::streams::{STREAM, names, read_key};
use super::transaction::PostgresTransaction;
use crate::base::{DocumentId, Result};
use crate::domain::{MirrorObject, ObjectStore, StreamKey};
use crate::store::missing::no_stream;
use crate::store::text::storable;

const COLUMNS: &str = "id, parent, version, data, document, seen";

fn read(row: &PgRow) -> Result<MirrorObject> {
    let row = Columns(row);
    Ok(MirrorObject {
        id: row.text("id")?,
        parent: row.optional_text("parent")?,
        version: row.optional_text("version")?,
        data: row.text("data")?,
        document: row.optional_id("document")?.map(DocumentId::from_bytes),
        seen: row.unsigned("seen")?,
    })
}

/// A list of one field of each object.
fn each<'a, T>(objects: &'a [MirrorObject], field: impl Fn(&'a MirrorObject) -> T) -> Vec<T> {
    objects.iter().map(field).collect()
}

fn text(text: &str) -> String {
    storable(text).into_owned()
}

#[async_trait]
impl ObjectStore for PostgresTransaction {
    async fn put_objects(&mut self, stream: &StreamKey, objects: &[MirrorObject]) -> Result<()> {
        if objects.is_empty() {
            return Ok(());
        }
        // The last counts of those that are given twice; all writers lock them in one order.
        let sql = r#"INSERT INTO besunny.sync_objects (stream, id, tenant_id, parent, version, data, document, seen)
             SELECT streams.sequence, given.id, streams.tenant_id, given.parent, given.version, given.data,
                 (SELECT documents.id FROM public.documents AS documents
                  WHERE documents.id = given.document AND ($10 OR documents.created_by = $1)), given.seen
             FROM besunny.sync_streams AS streams, (
                 SELECT DISTINCT ON (id COLLATE "C") * FROM unnest($4::text[], $5::text[], $6::text[], $7::text[],
                     $8::uuid[], $9::bigint[])
                 WITH ORDINALITY AS listed (id, parent, version, data, document, seen, place)
                 ORDER BY id COLLATE "C", place DESC) AS given
             WHERE streams.tenant_id = $1 AND streams.account_id = $2 AND streams.name = $3
             ORDER BY given.id COLLATE "C"
             ON CONFLICT (stream, id) DO UPDATE SET parent = excluded.parent, version = excluded.version,
                 data = excluded.data, document = excluded.document, seen = excluded.seen"#;
        let done = self
            .of_stream(sql.to_owned(), stream)
            .bind(each(objects, |object| text(&object.id)))
            .bind(each(objects, |object| object.parent.as_deref().map(text)))
            .bind(each(objects, |object| object.version.as_deref().map(text)))
            .bind(each(objects, |object| text(&object.data)))
            .bind(each(objects, |object| object.document.map(|id| uuid(id.as_bytes()))))
            .bind(each(objects, |object| object.seen.cast_signed()))
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
        let sql =
            format!("SELECT {COLUMNS} FROM besunny.sync_objects WHERE stream = {STREAM} AND id = ANY ($4)");
        let query = self.of_stream(sql, stream).bind(names(ids));
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
        let sql = format!(
            "SELECT {COLUMNS} FROM besunny.sync_objects WHERE stream = {STREAM} AND ($4::text IS NULL OR id > $4)
             ORDER BY id LIMIT $5"
        );
        let query = self.of_stream(sql, stream).bind(after.map(text)).bind(i64::from(limit));
        let rows = query.fetch_all(self.connection()).await.map_err(failed("objects.list"))?;
        rows.iter().map(read).collect()
    }

    async fn children(&mut self, stream: &StreamKey, parents: &[&str]) -> Result<Vec<MirrorObject>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM besunny.sync_objects WHERE stream = {STREAM} AND parent = ANY ($4) ORDER BY id"
        );
        let query = self.of_stream(sql, stream).bind(names(parents));
        let rows = query.fetch_all(self.connection()).await.map_err(failed("objects.children"))?;
        rows.iter().map(read).collect()
    }

    async fn mark_seen(&mut self, stream: &StreamKey, ids: &[&str], snapshot: u64) -> Result<Vec<String>> {
        let sql = format!(
            "UPDATE besunny.sync_objects SET seen = $5 WHERE stream = {STREAM} AND id = ANY ($4) RETURNING id"
        );
        let query = self.of_stream(sql, stream).bind(names(ids)).bind(snapshot.cast_signed());
        let rows = query.fetch_all(self.connection()).await.map_err(failed("objects.seen"))?;
        let seen: HashSet<String> = rows.iter().map(|row| Columns(row).text("id")).collect::<Result<_>>()?;
        let is_missing = |id: &&&str| !seen.contains(storable(id).as_ref());
        Ok(ids.iter().filter(is_missing).map(|id| (*id).to_owned()).collect())
    }

    async fn unseen(&mut self, stream: &StreamKey, snapshot: u64, limit: u32) -> Result<Vec<MirrorObject>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM besunny.sync_objects WHERE stream = {STREAM} AND seen < $4 ORDER BY id LIMIT $5"
        );
        let query = self.of_stream(sql, stream).bind(snapshot.cast_signed()).bind(i64::from(limit));
        let rows = query.fetch_all(self.connection()).await.map_err(failed("objects.unseen"))?;
        rows.iter().map(read).collect()
    }

    async fn delete_objects(&mut self, stream: &StreamKey, ids: &[&str]) -> Result<()> {
        let sql = format!("DELETE FROM besunny.sync_objects WHERE stream = {STREAM} AND id = ANY ($4)");
        let query = self.of_stream(sql, stream).bind(names(ids));
        query.execute(self.connection()).await.map_err(failed("objects.delete"))?;
        Ok(())
    }

    async fn objects_of_document(&mut self, document: DocumentId) -> Result<Vec<(StreamKey, String)>> {
        let rows = statement(
            "SELECT streams.account_id, streams.name, objects.id FROM besunny.sync_objects AS objects
             JOIN besunny.sync_streams AS streams ON streams.sequence = objects.stream
             WHERE objects.tenant_id = $1 AND objects.document = $2
             ORDER BY streams.account_id, streams.name, objects.id",
        )
        .bind(self.tenant())
        .bind(uuid(document.as_bytes()))
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
        let sql = format!("SELECT count(*) AS objects FROM besunny.sync_objects WHERE stream = {STREAM}");
        let row = self.of_stream(sql, stream).fetch_one(self.connection()).await;
        Columns(&row.map_err(failed("objects.count"))?).unsigned("objects")
    }
}
