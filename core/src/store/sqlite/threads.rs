//! Conversations.

use async_trait::async_trait;

use super::codec::{Columns, failed};
use super::transaction::SqliteTransaction;
use crate::base::{DocumentId, Result};
use crate::domain::{Assignment, ThreadClue, ThreadStore};
use crate::store::text::storable;

impl SqliteTransaction {
    async fn thread_of(&mut self, message_id: &str) -> Result<Option<String>> {
        sqlx::query_scalar("SELECT thread_id FROM thread_messages WHERE tenant_id = ? AND message_id = ?")
            .bind(self.tenant())
            .bind(storable(message_id))
            .fetch_optional(self.connection())
            .await
            .map_err(failed("threads.find"))
    }

    /// Moves everything of one conversation into another.
    async fn rename_thread(&mut self, from: &str, to: &str) -> Result<()> {
        for sql in [
            "UPDATE thread_messages SET thread_id = ? WHERE tenant_id = ? AND thread_id = ?",
            "UPDATE thread_subjects SET thread_id = ? WHERE tenant_id = ? AND thread_id = ?",
            "UPDATE documents SET thread_id = ? WHERE tenant_id = ? AND thread_id = ?",
        ] {
            sqlx::query(sql)
                .bind(storable(to))
                .bind(self.tenant())
                .bind(storable(from))
                .execute(self.connection())
                .await
                .map_err(failed("threads.join"))?;
        }
        Ok(())
    }
}

#[async_trait]
impl ThreadStore for SqliteTransaction {
    async fn find_thread(&mut self, clue: &ThreadClue) -> Result<Option<String>> {
        for message_id in &clue.message_ids {
            if let Some(thread) = self.thread_of(message_id).await? {
                return Ok(Some(thread));
            }
        }
        let Some(subject) = &clue.reply_subject else { return Ok(None) };
        sqlx::query_scalar("SELECT thread_id FROM thread_subjects WHERE tenant_id = ? AND subject = ?")
            .bind(self.tenant())
            .bind(storable(subject))
            .fetch_optional(self.connection())
            .await
            .map_err(failed("threads.find"))
    }

    async fn join_thread(&mut self, thread_id: &str, clue: &ThreadClue) -> Result<()> {
        for message_id in &clue.message_ids {
            match self.thread_of(message_id).await? {
                Some(known) if known == thread_id => {}
                Some(other) => self.rename_thread(&other, thread_id).await?,
                None => {
                    sqlx::query(
                        "INSERT INTO thread_messages (tenant_id, message_id, thread_id) VALUES (?, ?, ?)",
                    )
                    .bind(self.tenant())
                    .bind(storable(message_id))
                    .bind(storable(thread_id))
                    .execute(self.connection())
                    .await
                    .map_err(failed("threads.join"))?;
                }
            }
        }
        if let Some(subject) = &clue.own_subject {
            sqlx::query(
                "INSERT INTO thread_subjects (tenant_id, subject, thread_id) VALUES (?, ?, ?)
                         ON CONFLICT (tenant_id, subject) DO UPDATE SET thread_id = excluded.thread_id",
            )
            .bind(self.tenant())
            .bind(storable(subject))
            .bind(storable(thread_id))
            .execute(self.connection())
            .await
            .map_err(failed("threads.join"))?;
        }
        Ok(())
    }

    async fn thread_assignments(&mut self, thread_id: &str) -> Result<Vec<(DocumentId, Assignment)>> {
        let rows = sqlx::query(
            "SELECT id, assignment FROM documents WHERE tenant_id = ? AND thread_id = ? AND parent_id IS NULL ORDER BY sequence",
        )
        .bind(self.tenant())
        .bind(storable(thread_id))
        .fetch_all(self.connection())
        .await
        .map_err(failed("threads.read"))?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                Ok((DocumentId::from_bytes(row.bytes("id")?), row.json("assignment")?))
            })
            .collect()
    }
}
