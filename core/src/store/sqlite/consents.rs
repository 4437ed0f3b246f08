//! Consents under way, and the workspace's own secrets.

use async_trait::async_trait;

use super::codec::{Columns, failed, is_duplicate};
use super::transaction::SqliteTransaction;
use crate::base::{Error, ErrorKind, Result, TenantId, Timestamp};
use crate::domain::{ConsentStore, PendingConsent, Sealed};
use crate::store::text::storable;

#[async_trait]
impl ConsentStore for SqliteTransaction {
    async fn put_consent(&mut self, consent: &PendingConsent, now: Timestamp) -> Result<()> {
        self.require_service("consents.put")?;
        sqlx::query("DELETE FROM google_consents WHERE expires_at <= ?")
            .bind(now.as_micros())
            .execute(self.connection())
            .await
            .map_err(failed("consents.put"))?;
        sqlx::query(
            "INSERT INTO google_consents (state_hash, tenant_id, sealed, expires_at) VALUES (?, ?, ?, ?)",
        )
        .bind(consent.state_hash.as_slice())
        .bind(consent.tenant.as_bytes().as_slice())
        .bind(consent.sealed.0.as_slice())
        .bind(consent.expires_at.as_micros())
        .execute(self.connection())
        .await
        .map_err(|error| match is_duplicate(&error) {
            true => Error::new(ErrorKind::AlreadyExists, "consents.put", "this state was used before"),
            false => failed("consents.put")(error),
        })?;
        Ok(())
    }

    async fn take_consent(&mut self, state_hash: &[u8], now: Timestamp) -> Result<Option<PendingConsent>> {
        self.require_service("consents.take")?;
        let row = sqlx::query(
            "DELETE FROM google_consents WHERE state_hash = ? AND expires_at > ?
             RETURNING state_hash, tenant_id, sealed, expires_at",
        )
        .bind(state_hash)
        .bind(now.as_micros())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("consents.take"))?;
        row.map(|row| {
            let row = Columns(&row);
            Ok(PendingConsent {
                state_hash: row.blob("state_hash")?,
                tenant: TenantId::from_bytes(row.bytes("tenant_id")?),
                sealed: Sealed(row.blob("sealed")?),
                expires_at: row.time("expires_at")?,
            })
        })
        .transpose()
    }

    async fn keep_secret(&mut self, name: &str, value: &Sealed) -> Result<Sealed> {
        self.require_service("secrets.keep")?;
        sqlx::query("INSERT INTO secrets (name, sealed) VALUES (?, ?) ON CONFLICT DO NOTHING")
            .bind(storable(name))
            .bind(value.0.as_slice())
            .execute(self.connection())
            .await
            .map_err(failed("secrets.keep"))?;
        let row = sqlx::query("SELECT sealed FROM secrets WHERE name = ?")
            .bind(storable(name))
            .fetch_one(self.connection())
            .await
            .map_err(failed("secrets.keep"))?;
        Ok(Sealed(Columns(&row).blob("sealed")?))
    }
}
