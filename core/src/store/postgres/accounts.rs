//! Accounts at Google.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder};

use super::codec::{Columns, duplicate, failed, uuid};
use super::statement::{build, built, statement};
use super::transaction::PostgresTransaction;
use crate::base::{AccountId, Error, ErrorKind, Result, TenantId, Timestamp};
use crate::domain::{Account, AccountStatus, AccountStore, ChangeKind};
use crate::store::text::{list, optional, storable};

const COLUMNS: &str = "id, tenant_id, kind, subject, email, name, picture, scopes, status, status_reason, \
    login, access_expires_at, linked_at, updated_at";

fn read(row: &PgRow) -> Result<Account> {
    let row = Columns(row);
    let mut account = Account::new(
        AccountId::from_bytes(row.id("id")?),
        TenantId::from_bytes(row.id("tenant_id")?),
        row.parsed("kind")?,
        row.text("subject")?,
        row.text("email")?,
        row.instant("linked_at")?,
    );
    account.name = row.optional_text("name")?;
    account.picture = row.optional_text("picture")?;
    account.scopes = row.list("scopes")?;
    account.status = row.parsed("status")?;
    account.status_reason = row.optional_text("status_reason")?;
    account.login = row.flag("login")?;
    account.access_expires_at = row.optional_instant("access_expires_at")?;
    account.updated_at = row.instant("updated_at")?;
    Ok(account)
}

impl PostgresTransaction {
    /// The beginning of a query for accounts that the scope sees.
    fn visible_accounts(&self) -> QueryBuilder<Postgres> {
        let mut query = build(format!("SELECT {COLUMNS} FROM besunny.google_accounts WHERE ("));
        query.push_bind(self.sees_all()).push(" OR tenant_id = ").push_bind(self.tenant()).push(")");
        query
    }

    /// What such a query finds, in order of linking.
    async fn list_accounts(&mut self, mut query: QueryBuilder<Postgres>) -> Result<Vec<Account>> {
        query.push(" ORDER BY sequence");
        let rows = built(&mut query).fetch_all(self.connection()).await.map_err(failed("accounts.list"))?;
        rows.iter().map(read).collect()
    }

    /// Shows the front end what became of a user's account; `sealed` when its tokens were just
    /// written, so that none in plain text is needed any more.
    pub(super) async fn show_account(&mut self, tenant: TenantId, subject: &str, sealed: bool) -> Result<()> {
        if tenant == TenantId::SYSTEM {
            return Ok(());
        }
        statement("SELECT besunny.show_account($1, $2, $3)")
            .bind(uuid(tenant.as_bytes()))
            .bind(storable(subject).into_owned())
            .bind(sealed)
            .execute(self.connection())
            .await
            .map_err(failed("accounts.show"))?;
        Ok(())
    }
}

#[async_trait]
impl AccountStore for PostgresTransaction {
    async fn put_account(&mut self, account: &Account) -> Result<Account> {
        self.require_owner("accounts.put", account.tenant)?;
        self.take_turn(account.tenant).await?;
        let row = statement(AssertSqlSafe(format!(
            "INSERT INTO besunny.google_accounts (id, tenant_id, kind, subject, email, name, picture, scopes, status,
                 status_reason, login, access_expires_at, linked_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
             ON CONFLICT (tenant_id, subject) DO UPDATE SET kind = excluded.kind, email = excluded.email,
                 name = excluded.name, picture = excluded.picture, scopes = excluded.scopes,
                 status = excluded.status, status_reason = excluded.status_reason, login = excluded.login,
                 updated_at = excluded.updated_at
             RETURNING {COLUMNS}"
        )))
        .bind(uuid(account.id.as_bytes()))
        .bind(uuid(account.tenant.as_bytes()))
        .bind(account.kind.as_str())
        .bind(storable(&account.subject))
        .bind(storable(&account.email))
        .bind(optional(account.name.as_deref()))
        .bind(optional(account.picture.as_deref()))
        .bind(list(&account.scopes))
        .bind(account.status.as_str())
        .bind(optional(account.status_reason.as_deref()))
        .bind(account.login)
        .bind(account.access_expires_at.map(Timestamp::as_micros))
        .bind(account.linked_at.as_micros())
        .bind(account.updated_at.as_micros())
        .fetch_one(self.connection())
        .await
        .map_err(|error| match duplicate(&error) {
            Some(_) => {
                Error::new(ErrorKind::AlreadyExists, "accounts.put", "another account has this id already")
                    .with("account", account.id)
            }
            None => failed("accounts.put")(error),
        })?;
        let stored = read(&row)?;
        self.show_account(stored.tenant, &stored.subject, false).await?;
        self.record_subject(stored.tenant, ChangeKind::AccountLinked, stored.id.into(), stored.updated_at)
            .await?;
        Ok(stored)
    }

    async fn account(&mut self, id: AccountId) -> Result<Option<Account>> {
        let mut query = self.visible_accounts();
        query.push(" AND id = ").push_bind(uuid(id.as_bytes()));
        Ok(self.list_accounts(query).await?.pop())
    }

    async fn accounts(&mut self) -> Result<Vec<Account>> {
        let query = self.visible_accounts();
        self.list_accounts(query).await
    }

    async fn accounts_with_email(&mut self, email: &str) -> Result<Vec<Account>> {
        let mut query = self.visible_accounts();
        query.push(r#" AND lower(email COLLATE "C") = lower("#).push_bind(storable(email).into_owned());
        query.push(r#" COLLATE "C")"#);
        self.list_accounts(query).await
    }

    async fn accounts_with_subject(&mut self, subject: &str) -> Result<Vec<Account>> {
        let mut query = self.visible_accounts();
        query.push(" AND subject = ").push_bind(storable(subject).into_owned());
        self.list_accounts(query).await
    }

    async fn set_account_status(
        &mut self,
        id: AccountId,
        status: AccountStatus,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        let Some(account) = self.account(id).await? else { return Ok(false) };
        let reason = optional(reason);
        if account.status == status && account.status_reason.as_deref() == reason.as_deref() {
            return Ok(false);
        }
        self.take_turn(account.tenant).await?;
        // Who had the turn before may have said the same.
        let done = statement(
            "UPDATE besunny.google_accounts AS account
             SET status = $3, status_reason = $4, updated_at = $5
             FROM (SELECT id, status FROM besunny.google_accounts WHERE tenant_id = $1 AND id = $2 FOR UPDATE) AS earlier
             WHERE account.tenant_id = $1 AND account.id = earlier.id RETURNING earlier.status <> $3 AS is_news",
        )
        .bind(uuid(account.tenant.as_bytes()))
        .bind(uuid(id.as_bytes()))
        .bind(status.as_str())
        .bind(reason)
        .bind(now.as_micros())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("accounts.status"))?;
        let is_news = done.map(|row| Columns(&row).flag("is_news")).transpose()?.unwrap_or(false);
        if is_news {
            self.show_account(account.tenant, &account.subject, false).await?;
            self.record_subject(account.tenant, ChangeKind::AccountChanged, id.into(), now).await?;
        }
        Ok(is_news)
    }

    async fn delete_account(&mut self, id: AccountId, now: Timestamp) -> Result<bool> {
        let Some(account) = self.account(id).await? else { return Ok(false) };
        self.take_turn(account.tenant).await?;
        let deleted = statement("DELETE FROM besunny.google_accounts WHERE tenant_id = $1 AND id = $2")
            .bind(uuid(account.tenant.as_bytes()))
            .bind(uuid(id.as_bytes()))
            .execute(self.connection())
            .await
            .map_err(failed("accounts.delete"))?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        self.show_account(account.tenant, &account.subject, false).await?;
        self.record_subject(account.tenant, ChangeKind::AccountUnlinked, id.into(), now).await?;
        Ok(true)
    }
}
