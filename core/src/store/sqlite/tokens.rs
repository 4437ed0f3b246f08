//! The tokens of accounts, and whose turn it is to refresh them.

use async_trait::async_trait;

use super::codec::{Columns, failed};
use super::transaction::SqliteTransaction;
use crate::base::{AccountId, LeaseId, Result, Timestamp, UserId};
use crate::domain::{PlainCredentials, RefreshTurn, Sealed, SealedTokens, TokenStore};
use crate::store::missing::no_account;

/// The bytes of a sealed value, to bind.
fn sealed(value: Option<&Sealed>) -> Option<&[u8]> {
    value.map(|sealed| sealed.0.as_slice())
}

#[async_trait]
impl TokenStore for SqliteTransaction {
    async fn tokens(&mut self, id: AccountId) -> Result<Option<SealedTokens>> {
        let row = sqlx::query(
            "SELECT access_token, access_expires_at, refresh_token, token_version FROM google_accounts
             WHERE id = ? AND (? OR tenant_id = ?)",
        )
        .bind(id.as_bytes().as_slice())
        .bind(self.sees_all())
        .bind(self.tenant())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("accounts.tokens"))?;
        row.map(|row| {
            let row = Columns(&row);
            Ok(SealedTokens {
                access: row.optional_blob("access_token")?.map(Sealed),
                access_expires_at: row.optional_time("access_expires_at")?,
                refresh: row.optional_blob("refresh_token")?.map(Sealed),
                version: row.unsigned("token_version")?,
            })
        })
        .transpose()
    }

    async fn put_tokens(&mut self, id: AccountId, tokens: &SealedTokens, now: Timestamp) -> Result<bool> {
        let done = sqlx::query(
            "UPDATE google_accounts SET access_token = ?, access_expires_at = ?,
                 refresh_token = COALESCE(?, refresh_token), token_version = token_version + 1, updated_at = ?
             WHERE id = ? AND (? OR tenant_id = ?) AND token_version = ?",
        )
        .bind(sealed(tokens.access.as_ref()))
        .bind(tokens.access_expires_at.map(Timestamp::as_micros))
        .bind(sealed(tokens.refresh.as_ref()))
        .bind(now.as_micros())
        .bind(id.as_bytes().as_slice())
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(tokens.version.cast_signed())
        .execute(self.connection())
        .await
        .map_err(failed("accounts.put_tokens"))?;
        Ok(done.rows_affected() > 0)
    }

    async fn drop_tokens(&mut self, id: AccountId, now: Timestamp) -> Result<()> {
        sqlx::query(
            "UPDATE google_accounts SET access_token = NULL, access_expires_at = NULL, refresh_token = NULL,
                 token_version = token_version + 1, updated_at = ?
             WHERE id = ? AND (? OR tenant_id = ?)",
        )
        .bind(now.as_micros())
        .bind(id.as_bytes().as_slice())
        .bind(self.sees_all())
        .bind(self.tenant())
        .execute(self.connection())
        .await
        .map_err(failed("accounts.drop_tokens"))?;
        Ok(())
    }

    async fn take_refresh_turn(
        &mut self,
        id: AccountId,
        holder: LeaseId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<RefreshTurn> {
        let row = sqlx::query(
            "SELECT refresh_holder, refresh_until FROM google_accounts WHERE id = ? AND (? OR tenant_id = ?)",
        )
        .bind(id.as_bytes().as_slice())
        .bind(self.sees_all())
        .bind(self.tenant())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("accounts.refresh_turn"))?
        .ok_or_else(|| no_account("accounts.refresh_turn", id))?;
        let row = Columns(&row);
        let held_by = row.optional_bytes("refresh_holder")?.map(LeaseId::from_bytes);
        let held_until = row.optional_time("refresh_until")?.filter(|&end| end > now);
        if let Some(end) = held_until.filter(|_| held_by != Some(holder)) {
            return Ok(RefreshTurn::Theirs(end));
        }
        sqlx::query(
            "UPDATE google_accounts SET refresh_holder = ?, refresh_until = ?
             WHERE id = ? AND (? OR tenant_id = ?)",
        )
        .bind(holder.as_bytes().as_slice())
        .bind(until.as_micros())
        .bind(id.as_bytes().as_slice())
        .bind(self.sees_all())
        .bind(self.tenant())
        .execute(self.connection())
        .await
        .map_err(failed("accounts.refresh_turn"))?;
        Ok(RefreshTurn::Ours)
    }

    async fn end_refresh_turn(&mut self, id: AccountId, holder: LeaseId) -> Result<()> {
        sqlx::query(
            "UPDATE google_accounts SET refresh_holder = NULL, refresh_until = NULL
             WHERE id = ? AND (? OR tenant_id = ?) AND refresh_holder = ?",
        )
        .bind(id.as_bytes().as_slice())
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(holder.as_bytes().as_slice())
        .execute(self.connection())
        .await
        .map_err(failed("accounts.refresh_turn"))?;
        Ok(())
    }

    async fn sealed_accounts(&mut self, after: Option<AccountId>, limit: u32) -> Result<Vec<AccountId>> {
        let rows = sqlx::query(
            "SELECT id FROM google_accounts WHERE id > ? AND (? OR tenant_id = ?)
                 AND (access_token IS NOT NULL OR refresh_token IS NOT NULL)
             ORDER BY id LIMIT ?",
        )
        .bind(after.map_or_else(Vec::new, |id| id.as_bytes().to_vec()))
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(limit)
        .fetch_all(self.connection())
        .await
        .map_err(failed("accounts.sealed"))?;
        rows.iter().map(|row| Ok(AccountId::from_bytes(Columns(row).bytes("id")?))).collect()
    }

    /// No earlier system kept anything on SQLite.
    async fn plaintext_credentials(&mut self, _limit: u32) -> Result<Vec<PlainCredentials>> {
        self.require_service("accounts.plaintext")?;
        Ok(Vec::new())
    }

    async fn clear_plaintext(&mut self, _user: UserId) -> Result<()> {
        self.require_service("accounts.plaintext")
    }
}
