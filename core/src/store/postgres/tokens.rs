//! The tokens of accounts, and whose turn it is to refresh them.

use async_trait::async_trait;

use super::codec::{Columns, failed, uuid};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{AccountId, LeaseId, Result, TenantId, Timestamp, UserId};
use crate::domain::{PlainCredentials, RefreshTurn, Sealed, SealedTokens, TokenStore};
use crate::store::missing::no_account;

/// The bytes of a sealed value, to bind.
fn bytes(sealed: Option<&Sealed>) -> Option<Vec<u8>> {
    sealed.map(|sealed| sealed.0.clone())
}

fn sealed(bytes: Option<&[u8]>) -> Option<Sealed> {
    bytes.map(|bytes| Sealed(bytes.to_vec()))
}

#[async_trait]
impl TokenStore for PostgresTransaction {
    async fn tokens(&mut self, id: AccountId) -> Result<Option<SealedTokens>> {
        let row = statement(
            "SELECT access_token, access_expires_at, refresh_token, token_version FROM besunny.google_accounts
             WHERE id = $1 AND ($2 OR tenant_id = $3)",
        )
        .bind(uuid(id.as_bytes()))
        .bind(self.sees_all())
        .bind(self.tenant())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("accounts.tokens"))?;
        row.map(|row| {
            let row = Columns(&row);
            Ok(SealedTokens {
                access: sealed(row.optional_bytes("access_token")?),
                access_expires_at: row.optional_instant("access_expires_at")?,
                refresh: sealed(row.optional_bytes("refresh_token")?),
                version: row.unsigned("token_version")?,
            })
        })
        .transpose()
    }

    async fn put_tokens(&mut self, id: AccountId, tokens: &SealedTokens, now: Timestamp) -> Result<bool> {
        let row = statement(
            "UPDATE besunny.google_accounts SET access_token = $4, access_expires_at = $5,
                 refresh_token = coalesce($6, refresh_token), token_version = token_version + 1, updated_at = $7
             WHERE id = $1 AND ($2 OR tenant_id = $3) AND token_version = $8 RETURNING tenant_id, subject",
        )
        .bind(uuid(id.as_bytes()))
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(bytes(tokens.access.as_ref()))
        .bind(tokens.access_expires_at.map(Timestamp::as_micros))
        .bind(bytes(tokens.refresh.as_ref()))
        .bind(now.as_micros())
        .bind(tokens.version.cast_signed())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("accounts.put_tokens"))?;
        let Some(row) = row else { return Ok(false) };
        let row = Columns(&row);
        self.show_account(TenantId::from_bytes(row.id("tenant_id")?), &row.text("subject")?, true).await?;
        Ok(true)
    }

    async fn drop_tokens(&mut self, id: AccountId, now: Timestamp) -> Result<()> {
        let row = statement(
            "UPDATE besunny.google_accounts SET access_token = NULL, access_expires_at = NULL, refresh_token = NULL,
                 token_version = token_version + 1, updated_at = $4
             WHERE id = $1 AND ($2 OR tenant_id = $3) RETURNING tenant_id, subject",
        )
        .bind(uuid(id.as_bytes()))
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(now.as_micros())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("accounts.drop_tokens"))?;
        let Some(row) = row else { return Ok(()) };
        let row = Columns(&row);
        self.show_account(TenantId::from_bytes(row.id("tenant_id")?), &row.text("subject")?, true).await
    }

    async fn take_refresh_turn(
        &mut self,
        id: AccountId,
        holder: LeaseId,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<RefreshTurn> {
        let row = statement(
            "SELECT refresh_holder, refresh_until FROM besunny.google_accounts
             WHERE id = $1 AND ($2 OR tenant_id = $3) FOR NO KEY UPDATE",
        )
        .bind(uuid(id.as_bytes()))
        .bind(self.sees_all())
        .bind(self.tenant())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("accounts.refresh_turn"))?
        .ok_or_else(|| no_account("accounts.refresh_turn", id))?;
        let row = Columns(&row);
        let held_by = row.optional_id("refresh_holder")?.map(LeaseId::from_bytes);
        let held_until = row.optional_instant("refresh_until")?.filter(|&end| end > now);
        if let Some(end) = held_until.filter(|_| held_by != Some(holder)) {
            return Ok(RefreshTurn::Theirs(end));
        }
        statement(
            "UPDATE besunny.google_accounts SET refresh_holder = $4, refresh_until = $5
             WHERE id = $1 AND ($2 OR tenant_id = $3)",
        )
        .bind(uuid(id.as_bytes()))
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(uuid(holder.as_bytes()))
        .bind(until.as_micros())
        .execute(self.connection())
        .await
        .map_err(failed("accounts.refresh_turn"))?;
        Ok(RefreshTurn::Ours)
    }

    async fn end_refresh_turn(&mut self, id: AccountId, holder: LeaseId) -> Result<()> {
        statement(
            "UPDATE besunny.google_accounts SET refresh_holder = NULL, refresh_until = NULL
             WHERE id = $1 AND ($2 OR tenant_id = $3) AND refresh_holder = $4",
        )
        .bind(uuid(id.as_bytes()))
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(uuid(holder.as_bytes()))
        .execute(self.connection())
        .await
        .map_err(failed("accounts.refresh_turn"))?;
        Ok(())
    }

    async fn sealed_accounts(&mut self, after: Option<AccountId>, limit: u32) -> Result<Vec<AccountId>> {
        let rows = statement(
            "SELECT id FROM besunny.google_accounts WHERE ($1::uuid IS NULL OR id > $1) AND ($2 OR tenant_id = $3)
                 AND (access_token IS NOT NULL OR refresh_token IS NOT NULL)
             ORDER BY id LIMIT $4",
        )
        .bind(after.map(|id| uuid(id.as_bytes())))
        .bind(self.sees_all())
        .bind(self.tenant())
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed("accounts.sealed"))?;
        rows.iter().map(|row| Ok(AccountId::from_bytes(Columns(row).id("id")?))).collect()
    }

    async fn plaintext_credentials(&mut self, limit: u32) -> Result<Vec<PlainCredentials>> {
        self.require_service("accounts.plaintext")?;
        let rows = statement(
            "SELECT user_id, google_user_id, google_email, google_name, google_picture, scope, access_token,
                 expires_at, refresh_token, coalesce(login_provider, false) AS login
             FROM public.google_credentials WHERE access_token IS NOT NULL OR refresh_token IS NOT NULL
             ORDER BY user_id LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(self.connection())
        .await
        .map_err(failed("accounts.plaintext"))?;
        rows.iter()
            .map(|row| {
                let row = Columns(row);
                Ok(PlainCredentials {
                    user: UserId::from_bytes(row.id("user_id")?),
                    subject: row.optional_text("google_user_id")?,
                    email: row.optional_text("google_email")?,
                    name: row.optional_text("google_name")?,
                    picture: row.optional_text("google_picture")?,
                    scope: row.optional_text("scope")?,
                    access: row.optional_text("access_token")?,
                    access_expires_at: row.optional_time("expires_at")?,
                    refresh: row.optional_text("refresh_token")?,
                    login: row.flag("login")?,
                })
            })
            .collect()
    }

    async fn clear_plaintext(&mut self, user: UserId) -> Result<()> {
        self.require_service("accounts.plaintext")?;
        statement("SELECT besunny.clear_plaintext($1)")
            .bind(uuid(user.as_bytes()))
            .execute(self.connection())
            .await
            .map_err(failed("accounts.plaintext"))?;
        Ok(())
    }
}
