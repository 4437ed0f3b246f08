//! Conversations.

use async_trait::async_trait;

use super::codec::{Columns, failed};
use super::outside::assignment;
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{DocumentId, Result};
use crate::domain::{Assignment, ContentHash, ThreadClue, ThreadStore};
use crate::store::text::storable;

/// What Message-IDs and subjects are looked up by: they may be longer than an index entry.
fn key(text: &str) -> Vec<u8> {
    ContentHash::of(storable(text).as_bytes()).0.to_vec()
}

impl PostgresTransaction {
    async fn thread_of(&mut self, message_id: &str) -> Result<Option<String>> {
        let row = statement(
            "SELECT thread_id FROM besunny.thread_messages WHERE tenant_id = $1 AND message_hash = $2",
        )
        .bind(self.tenant())
        .bind(key(message_id))
        .fetch_optional(self.connection())
        .await
        .map_err(failed("threads.find"))?;
        row.map(|row| Columns(&row).text("thread_id")).transpose()
    }

    /// Moves everything of one conversation into another.
    async fn rename_thread(&mut self, from: &str, to: &str) -> Result<()> {
        for sql in [
            "UPDATE besunny.thread_messages SET thread_id = $1 WHERE tenant_id = $2 AND thread_id = $3",
            "UPDATE besunny.thread_subjects SET thread_id = $1 WHERE tenant_id = $2 AND thread_id = $3",
            "UPDATE public.documents SET thread_id = $1 WHERE created_by = $2 AND thread_id = $3",
        ] {
            statement(sql)
                .bind(storable(to).into_owned())
                .bind(self.tenant())
                .bind(storable(from).into_owned())
                .execute(self.connection())
                .await
                .map_err(failed("threads.join"))?;
        }
        Ok(())
    }
}

#[async_trait]
impl ThreadStore for PostgresTransaction {
    async fn find_thread(&mut self, clue: &ThreadClue) -> Result<Option<String>> {
        for message_id in &clue.message_ids {
            if let Some(thread) = self.thread_of(message_id).await? {
                return Ok(Some(thread));
            }
        }
        let Some(subject) = &clue.reply_subject else { return Ok(None) };
        let row = statement(
            "SELECT thread_id FROM besunny.thread_subjects WHERE tenant_id = $1 AND subject_hash = $2",
        )
        .bind(self.tenant())
        .bind(key(subject))
        .fetch_optional(self.connection())
        .await
        .map_err(failed("threads.find"))?;
        row.map(|row| Columns(&row).text("thread_id")).transpose()
    }

    async fn join_thread(&mut self, thread_id: &str, clue: &ThreadClue) -> Result<()> {
        let thread_id = storable(thread_id);
        for message_id in &clue.message_ids {
            match self.thread_of(message_id).await? {
                Some(known) if known == thread_id => {}
                Some(other) => self.rename_thread(&other, &thread_id).await?,
                None => {
                    statement(
                        "INSERT INTO besunny.thread_messages (tenant_id, message_hash, message_id, thread_id) VALUES ($1, $2, $3, $4)",
                    )
                    .bind(self.tenant())
                    .bind(key(message_id))
                    .bind(storable(message_id).into_owned())
                    .bind(thread_id.clone().into_owned())
                    .execute(self.connection())
                    .await
                    .map_err(failed("threads.join"))?;
                }
            }
        }
        if let Some(subject) = &clue.own_subject {
            statement(
                "INSERT INTO besunny.thread_subjects (tenant_id, subject_hash, subject, thread_id) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (tenant_id, subject_hash) DO UPDATE SET thread_id = excluded.thread_id",
            )
            .bind(self.tenant())
            .bind(key(subject))
            .bind(storable(subject).into_owned())
            .bind(thread_id.into_owned())
            .execute(self.connection())
            .await
            .map_err(failed("threads.join"))?;
        }
        Ok(())
    }

    async fn thread_assignments(&mut self, thread_id: &str) -> Result<Vec<(DocumentId, Assignment)>> {
        let rows = statement(
            "SELECT id, project_id, classification_source, assignment::text AS assignment FROM public.documents
             WHERE created_by = $1 AND thread_id = $2 AND parent_id IS NULL ORDER BY sequence",
        )
        .bind(self.tenant())
        .bind(storable(thread_id).into_owned())
        .fetch_all(self.connection())
        .await
        .map_err(failed("threads.read"))?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                Ok((DocumentId::from_bytes(row.id("id")?), assignment(&row)?))
            })
            .collect()
    }
}
