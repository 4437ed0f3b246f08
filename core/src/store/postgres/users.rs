//! Users.

use async_trait::async_trait;
use sqlx::postgres::PgRow;

use super::codec::{Columns, Utc, duplicate, failed, uuid};
use super::statement::statement;
use super::transaction::PostgresTransaction;
use crate::base::{Error, ErrorKind, Result, Timestamp, UserId};
use crate::domain::{User, UserStore};
use crate::store::text;

fn read(row: &PgRow) -> Result<User> {
    let row = Columns(row);
    Ok(User::new(
        UserId::from_bytes(row.id("id")?),
        row.parsed("username")?,
        row.optional_text("email")?,
        row.optional_time("created_at")?.unwrap_or(Timestamp::from_micros(0)),
    ))
}

#[async_trait]
impl UserStore for PostgresTransaction {
    async fn insert_user(&mut self, user: &User) -> Result<()> {
        self.require_service("users.create")?;
        let inserted = statement(
            "INSERT INTO public.users (id, username, email, created_at, username_set_at)
             VALUES ($1, $2, $3, $4, $4 AT TIME ZONE 'UTC')",
        )
        .bind(uuid(user.id.as_bytes()))
        .bind(user.username.as_str())
        .bind(text::optional(user.email.as_deref()))
        .bind(Utc(user.created_at))
        .execute(self.connection())
        .await;
        match inserted {
            Ok(_) => Ok(()),
            Err(error) => Err(match duplicate(&error) {
                Some(constraint) if constraint.contains("email") => {
                    Error::new(ErrorKind::AlreadyExists, "users.create", "another user has this mail address")
                }
                Some(_) => Error::new(ErrorKind::AlreadyExists, "users.create", "this username is taken")
                    .with("username", &user.username),
                None => failed("users.create")(error),
            }),
        }
    }

    async fn users_named(&mut self, name: &str) -> Result<Vec<User>> {
        self.require_service("users.find")?;
        let rows = statement(
            r#"SELECT id, username, email, created_at FROM public.users
               WHERE lower(username COLLATE "C") = lower($1 COLLATE "C") AND username ~ '^[A-Za-z][A-Za-z0-9]{2,29}$'
               ORDER BY sequence"#,
        )
        .bind(text::storable(name))
        .fetch_all(self.connection())
        .await
        .map_err(failed("users.find"))?;
        rows.iter().map(read).collect()
    }

    async fn user(&mut self, id: UserId) -> Result<Option<User>> {
        self.require_service("users.get")?;
        let row = statement(
            "SELECT id, username, email, created_at FROM public.users
             WHERE id = $1 AND username ~ '^[A-Za-z][A-Za-z0-9]{2,29}$'",
        )
        .bind(uuid(id.as_bytes()))
        .fetch_optional(self.connection())
        .await
        .map_err(failed("users.get"))?;
        row.as_ref().map(read).transpose()
    }

    /// Users who signed up at the front end and have not chosen a username yet are none.
    async fn users(&mut self) -> Result<Vec<User>> {
        self.require_service("users.list")?;
        let rows = statement(
            "SELECT id, username, email, created_at FROM public.users
             WHERE username ~ '^[A-Za-z][A-Za-z0-9]{2,29}$' ORDER BY sequence",
        )
        .fetch_all(self.connection())
        .await
        .map_err(failed("users.list"))?;
        rows.iter().map(read).collect()
    }
}
