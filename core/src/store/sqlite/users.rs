//! Users.

use async_trait::async_trait;
use sqlx::sqlite::SqliteRow;

use super::codec::{Columns, failed, is_duplicate};
use super::transaction::SqliteTransaction;
use crate::base::{Error, ErrorKind, Result, UserId};
use crate::domain::{User, UserStore};
use crate::store::text::optional;

fn read(row: &SqliteRow) -> Result<User> {
    let row = Columns(row);
    Ok(User::new(
        UserId::from_bytes(row.bytes("id")?),
        row.parsed("username")?,
        row.optional_text("email")?,
        row.time("created_at")?,
    ))
}

#[async_trait]
impl UserStore for SqliteTransaction {
    async fn insert_user(&mut self, user: &User) -> Result<()> {
        self.require_service("users.create")?;
        let inserted = sqlx::query("INSERT INTO users (id, username, email, created_at) VALUES (?, ?, ?, ?)")
            .bind(user.id.as_bytes().as_slice())
            .bind(user.username.as_str())
            .bind(optional(user.email.as_deref()))
            .bind(user.created_at.as_micros())
            .execute(self.connection())
            .await;
        match inserted {
            Ok(_) => Ok(()),
            Err(error) if is_duplicate(&error) => {
                Err(Error::new(ErrorKind::AlreadyExists, "users.create", "this username is taken")
                    .with("username", &user.username))
            }
            Err(error) => Err(failed("users.create")(error)),
        }
    }

    async fn users_named(&mut self, name: &str) -> Result<Vec<User>> {
        self.require_service("users.find")?;
        let rows = sqlx::query(
            "SELECT id, username, email, created_at FROM users WHERE username = ? COLLATE NOCASE ORDER BY sequence",
        )
        .bind(name)
        .fetch_all(self.connection())
        .await
        .map_err(failed("users.find"))?;
        rows.iter().map(read).collect()
    }

    async fn user(&mut self, id: UserId) -> Result<Option<User>> {
        self.require_service("users.get")?;
        let row = sqlx::query("SELECT id, username, email, created_at FROM users WHERE id = ?")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.connection())
            .await
            .map_err(failed("users.get"))?;
        row.as_ref().map(read).transpose()
    }

    async fn users(&mut self) -> Result<Vec<User>> {
        self.require_service("users.list")?;
        let rows = sqlx::query("SELECT id, username, email, created_at FROM users ORDER BY sequence")
            .fetch_all(self.connection())
            .await
            .map_err(failed("users.list"))?;
        rows.iter().map(read).collect()
    }
}
