//! Accounts at Google.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, QueryBuilder, Sqlite};

use super::codec::{Columns, failed, is_duplicate, json};
use super::transaction::SqliteTransaction;
use crate::base::{AccountId, Error, ErrorKind, Result, TenantId, Timestamp};
use crate::domain::{Account, AccountStatus, AccountStore, ChangeKind};
use crate::store::text::{list, optional, storable};

const COLUMNS: &str = "id, tenant_id, kind, subject, email, name, picture, scopes, status, status_reason, \
    login, access_expires_at, linked_at, updated_at";

fn read(row: &SqliteRow) -> Result<Account> {
    let row = Columns(row);
    let mut account = Account::new(
        AccountId::from_bytes(row.bytes("id")?),
        TenantId::from_bytes(row.bytes("tenant_id")?),
        row.parsed("kind")?,
        row.text("subject")?,
        row.text("email")?,
        row.time("linked_at")?,
    );
    account.name = row.optional_text("name")?;
    account.picture = row.optional_text("picture")?;
    account.scopes = row.json("scopes")?;
    account.status = row.parsed("status")?;
    account.status_reason = row.optional_text("status_reason")?;
    account.login = row.flag("login")?;
    account.access_expires_at = row.optional_time("access_expires_at")?;
    account.updated_at = row.time("updated_at")?;
    Ok(account)
}

impl SqliteTransaction {
    /// The beginning of a query for accounts that the scope sees.
    fn visible_accounts(&self) -> QueryBuilder<Sqlite> {
        let mut query = QueryBuilder::new(format!("SELECT {COLUMNS} FROM google_accounts WHERE ("));
        query.push_bind(self.sees_all()).push(" OR tenant_id = ").push_bind(self.tenant()).push(")");
        query
    }

    /// What such a query finds, in order of linking.
    async fn list_accounts(&mut self, mut query: QueryBuilder<Sqlite>) -> Result<Vec<Account>> {
        query.push(" ORDER BY sequence");
        let rows = query.build().fetch_all(self.connection()).await.map_err(failed("accounts.list"))?;
        rows.iter().map(read).collect()
    }
}

#[async_trait]
impl AccountStore for SqliteTransaction {
    async fn put_account(&mut self, account: &Account) -> Result<Account> {
        self.require_owner("accounts.put", account.tenant)?;
        let row = sqlx::query(AssertSqlSafe(format!(
            "INSERT INTO google_accounts (id, tenant_id, kind, subject, email, name, picture, scopes, status,
                 status_reason, login, access_expires_at, linked_at, updated_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (tenant_id, subject) DO UPDATE SET kind = excluded.kind, email = excluded.email,
                 name = excluded.name, picture = excluded.picture, scopes = excluded.scopes,
                 status = excluded.status, status_reason = excluded.status_reason, login = excluded.login,
                 updated_at = excluded.updated_at
             RETURNING {COLUMNS}"
        )))
        .bind(account.id.as_bytes().as_slice())
        .bind(account.tenant.as_bytes().as_slice())
        .bind(account.kind.as_str())
        .bind(storable(&account.subject))
        .bind(storable(&account.email))
        .bind(optional(account.name.as_deref()))
        .bind(optional(account.picture.as_deref()))
        .bind(json(&list(&account.scopes))?)
        .bind(account.status.as_str())
        .bind(optional(account.status_reason.as_deref()))
        .bind(account.login)
        .bind(account.access_expires_at.map(Timestamp::as_micros))
        .bind(account.linked_at.as_micros())
        .bind(account.updated_at.as_micros())
        .fetch_one(self.connection())
        .await
        .map_err(|error| match is_duplicate(&error) {
            true => {
                Error::new(ErrorKind::AlreadyExists, "accounts.put", "another account has this id already")
                    .with("account", account.id)
            }
            false => failed("accounts.put")(error),
        })?;
        let stored = read(&row)?;
        self.record_subject(stored.tenant, ChangeKind::AccountLinked, stored.id.into(), stored.updated_at)
            .await?;
        Ok(stored)
    }

    async fn account(&mut self, id: AccountId) -> Result<Option<Account>> {
        let mut query = self.visible_accounts();
        query.push(" AND id = ").push_bind(id.as_bytes().to_vec());
        Ok(self.list_accounts(query).await?.pop())
    }

    async fn accounts(&mut self) -> Result<Vec<Account>> {
        let query = self.visible_accounts();
        self.list_accounts(query).await
    }

    async fn accounts_with_email(&mut self, email: &str) -> Result<Vec<Account>> {
        let mut query = self.visible_accounts();
        query.push(" AND email = ").push_bind(storable(email).into_owned()).push(" COLLATE NOCASE");
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
        sqlx::query(
            "UPDATE google_accounts SET status = ?, status_reason = ?, updated_at = ? WHERE tenant_id = ? AND id = ?",
        )
        .bind(status.as_str())
        .bind(reason)
        .bind(now.as_micros())
        .bind(account.tenant.as_bytes().as_slice())
        .bind(id.as_bytes().as_slice())
        .execute(self.connection())
        .await
        .map_err(failed("accounts.status"))?;
        let is_news = account.status != status;
        if is_news {
            self.record_subject(account.tenant, ChangeKind::AccountChanged, id.into(), now).await?;
        }
        Ok(is_news)
    }

    async fn delete_account(&mut self, id: AccountId, now: Timestamp) -> Result<bool> {
        let deleted = sqlx::query(
            "DELETE FROM google_accounts WHERE id = ? AND (? OR tenant_id = ?) RETURNING tenant_id",
        )
        .bind(id.as_bytes().as_slice())
        .bind(self.sees_all())
        .bind(self.tenant())
        .fetch_optional(self.connection())
        .await
        .map_err(failed("accounts.delete"))?;
        let Some(row) = deleted else { return Ok(false) };
        let owner = TenantId::from_bytes(Columns(&row).bytes("tenant_id")?);
        self.record_subject(owner, ChangeKind::AccountUnlinked, id.into(), now).await?;
        Ok(true)
    }
}
