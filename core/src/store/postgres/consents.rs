//! Consents under way, and the workspace's own secrets.

use async_trait::async_trait;

use super::codec::{Columns, duplicate, failed, uuid};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{Error, ErrorKind, Result, TenantId, Timestamp};
use crate::domain::{ConsentStore, PendingConsent, Sealed};
use crate::store::text::storable;

#[async_trait]
impl ConsentStore for PostgresTransaction {
    async fn put_consent(&mut self, consent: &PendingConsent, now: Timestamp) -> Result<()> {
        self.require_service("consents.put")?;
        // Those that somebody takes out just now are left to them.
        statement(
            "DELETE FROM besunny.google_consents WHERE state_hash IN (
                 SELECT state_hash FROM besunny.google_consents WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)",
        )
        .bind(now.as_micros())
        .execute(self.connection())
        .await
        .map_err(failed("consents.put"))?;
        statement(
            "INSERT INTO besunny.google_consents (state_hash, tenant_id, sealed, expires_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(consent.state_hash.clone())
        .bind(uuid(consent.tenant.as_bytes()))
        .bind(consent.sealed.0.clone())
        .bind(consent.expires_at.as_micros())
        .execute(self.connection())
        .await
        .map_err(|error| match duplicate(&error) {
            Some(_) => Error::new(ErrorKind::AlreadyExists, "consents.put", "this state was used before"),
            None => failed("consents.put")(error),
        })?;
        Ok(())
    }

    async fn take_consent(&mut self, state_hash: &[u8], now: Timestamp) -> Result<Option<PendingConsent>> {
        self.require_service("consents.take")?;
        let row = statement(
            "DELETE FROM besunny.google_consents WHERE state_hash = $1 AND expires_at > $2
             RETURNING state_hash, tenant_id, sealed, expires_at",
        )
        .bind(state_hash.to_vec())
        .bind(now.as_micros())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("consents.take"))?;
        row.map(|row| {
            let row = Columns(&row);
            Ok(PendingConsent {
                state_hash: row.bytes("state_hash")?.to_vec(),
                tenant: TenantId::from_bytes(row.id("tenant_id")?),
                sealed: Sealed(row.bytes("sealed")?.to_vec()),
                expires_at: row.instant("expires_at")?,
            })
        })
        .transpose()
    }

    async fn keep_secret(&mut self, name: &str, value: &Sealed) -> Result<Sealed> {
        self.require_service("secrets.keep")?;
        statement("INSERT INTO besunny.secrets (name, sealed) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(storable(name).into_owned())
            .bind(value.0.clone())
            .execute(self.connection())
            .await
            .map_err(failed("secrets.keep"))?;
        // A statement of its own sees what another committed meanwhile.
        let row = statement("SELECT sealed FROM besunny.secrets WHERE name = $1")
            .bind(storable(name).into_owned())
            .fetch_one(self.connection())
            .await
            .map_err(failed("secrets.keep"))?;
        Ok(Sealed(Columns(&row).bytes("sealed")?.to_vec()))
    }
}
