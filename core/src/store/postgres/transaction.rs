//! One unit of work on Postgres.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::{AssertSqlSafe, Postgres};
use uuid::Uuid;

use super::codec::{Columns, Utc, failed, uuid};
use super::statement::statement;
use crate::base::{
    DocumentId, Error, ErrorKind, ProjectId, Result, Role, Scope, SubjectId, TenantId, Timestamp,
};
use crate::domain::{Access, ChangeKind, Committer, Position, Transaction};
use crate::store::listeners::Listeners;

/// An open transaction, bound to the scope it was opened for.
pub(super) struct PostgresTransaction {
    scope: Scope,
    access: Access,
    inner: sqlx::Transaction<'static, Postgres>,
    /// Whose change logs grow with the commit, and who wants to know.
    grown: BTreeSet<TenantId>,
    listeners: Listeners,
}

impl PostgresTransaction {
    pub(super) async fn begin(
        pool: &PgPool,
        scope: &Scope,
        access: Access,
        row_level_security: bool,
        listeners: Listeners,
    ) -> Result<Self> {
        let pool = pool.clone();
        let sql = AssertSqlSafe(beginning(scope, access, row_level_security));
        // On a task of its own: a caller that stops waiting, in the queue for the tenant say,
        // would otherwise leave a connection behind whose transaction nobody ends.
        let begun = tokio::spawn(async move { begin_on_any(&pool, sql).await }).await.map_err(|error| {
            Error::new(ErrorKind::Internal, "store.begin", "the task ended early; please report it")
                .caused_by(error)
        })?;
        let inner = begun.map_err(failed("store.begin"))?;
        Ok(Self { scope: scope.clone(), access, inner, grown: BTreeSet::new(), listeners })
    }

    /// The tenant, as bound to statements.
    pub(super) fn tenant(&self) -> Uuid {
        uuid(self.scope.tenant().as_bytes())
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    pub(super) fn require_service(&self, operation: &'static str) -> Result<()> {
        if self.scope.role() == Role::Service {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Forbidden, operation, "only the workspace itself may do this"))
    }

    /// Refuses a user what belongs to another tenant.
    pub(super) fn require_owner(&self, operation: &'static str, tenant: TenantId) -> Result<()> {
        if self.sees_all() || tenant == self.scope.tenant() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Forbidden, operation, "a user writes what is their own only"))
    }

    /// Whether the scope sees what belongs to all tenants, where that is possible at all.
    pub(super) fn sees_all(&self) -> bool {
        self.scope.role() == Role::Service
    }

    /// Appends to the change log of the owner of a job, an account or a meeting, whose turn the
    /// transaction has taken.
    pub(super) async fn record_subject(
        &mut self,
        tenant: TenantId,
        kind: ChangeKind,
        subject: SubjectId,
        at: Timestamp,
    ) -> Result<()> {
        statement(
            "INSERT INTO besunny.changes (tenant_id, kind, subject_id, changed_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(uuid(tenant.as_bytes()))
        .bind(kind.as_str())
        .bind(uuid(subject.as_bytes()))
        .bind(Utc(at))
        .execute(self.connection())
        .await
        .map_err(failed("changes.append"))?;
        self.grown.insert(tenant);
        Ok(())
    }

    /// Takes a tenant's turn, unless the transaction began with it: what it appends to their
    /// change log waits for their writers. Before any row is locked, so that two cannot wait
    /// for each other.
    pub(super) async fn take_turn(&mut self, tenant: TenantId) -> Result<()> {
        if self.access == Access::Write && tenant == self.scope.tenant() {
            return Ok(());
        }
        statement("SELECT besunny.lock_tenant($1)")
            .bind(uuid(tenant.as_bytes()))
            .execute(self.connection())
            .await
            .map_err(failed("changes.append"))?;
        Ok(())
    }

    /// What goes into the tenant's change log needs the tenant's turn. (Who only reads is
    /// refused by the database.)
    pub(super) fn require_turn(&self) -> Result<()> {
        if !matches!(self.access, Access::Work | Access::Claim) {
            return Ok(());
        }
        let message = "a change was made without the tenant's turn; please report it";
        Err(Error::new(ErrorKind::Internal, "changes.append", message))
    }

    /// Those who listen are to be told, with the commit, that the tenant's log has grown.
    pub(super) fn note_growth(&mut self) {
        self.grown.insert(self.scope.tenant());
    }

    /// Appends to the change log.
    pub(super) async fn record(
        &mut self,
        kind: ChangeKind,
        document: Option<DocumentId>,
        project: Option<ProjectId>,
        at: Timestamp,
    ) -> Result<()> {
        self.require_turn()?;
        let tenant = self.tenant();
        statement(
            "INSERT INTO besunny.changes (tenant_id, kind, document_id, project_id, changed_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(tenant)
        .bind(kind.as_str())
        .bind(document.map(|id| uuid(id.as_bytes())))
        .bind(project.map(|id| uuid(id.as_bytes())))
        .bind(Utc(at))
        .execute(self.connection())
        .await
        .map_err(failed("changes.append"))?;
        self.note_growth();
        Ok(())
    }

    /// The last position of the tenant's change log.
    pub(super) async fn last_position(&mut self) -> Result<Position> {
        let tenant = self.tenant();
        let row = statement(
            "SELECT coalesce(max(position), 0) AS position FROM besunny.changes WHERE tenant_id = $1",
        )
        .bind(tenant)
        .fetch_one(self.connection())
        .await
        .map_err(failed("store.last_position"))?;
        Columns(&row).unsigned("position")
    }
}

#[async_trait]
impl Transaction for PostgresTransaction {
    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        self.inner.commit().await.map_err(failed("store.commit"))?;
        self.grown.iter().for_each(|&tenant| self.listeners.tell(tenant, Committer::Us));
        Ok(())
    }
}

/// Begins on the first connection that is alive. They are not looked at before, which would
/// cost each transaction a round trip; one that died in the pool says so here, before anything
/// was done on it, and is replaced.
async fn begin_on_any(
    pool: &PgPool,
    sql: AssertSqlSafe<String>,
) -> Result<sqlx::Transaction<'static, Postgres>, sqlx::Error> {
    let mut dead = 0;
    loop {
        match pool.begin_with(AssertSqlSafe(sql.0.clone())).await {
            Err(error) if dead < pool.options().get_max_connections() && is_lost(&error) => dead += 1,
            other => return other,
        }
    }
}

/// Whether a connection turned out to be gone: closed by the server or on the way to it.
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P0")),
        _ => false,
    }
}

/// What opens a transaction, as one message. All settings end with the transaction, so the
/// next one to get the session from a pool finds nothing. The only values in the text are
/// constants and ids; nothing that a user wrote.
fn beginning(scope: &Scope, access: Access, row_level_security: bool) -> String {
    let mut sql = String::from(match access {
        Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        // Each statement sees what was committed before it; what the tenant's other writers
        // do cannot come in between, because of the lock.
        Access::Write | Access::Work | Access::Claim => "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
    });
    sql.push_str("; SELECT set_config('lock_timeout', '120s', true)");
    if access != Access::Read {
        // A writer that stalls, or whose machine is gone, must not hold up the tenant's others.
        sql.push_str(
            ", set_config('idle_in_transaction_session_timeout', '60s', true), \
             set_config('besunny.writer', 'library', true)",
        );
    }
    if access == Access::Claim {
        // Nobody is told of a claim but the worker that made it. If the server forgets it in
        // a crash, the worker's ends do not count, and the jobs are claimed again: what also
        // happens when a worker is lost. What ends the jobs is flushed, and with it, because
        // the log is one sequence, the claim before it.
        sql.push_str(", set_config('synchronous_commit', 'off', true)");
    }
    if row_level_security {
        let (role, claims) = match (scope.role(), scope.actor()) {
            (Role::User, Some(user)) => {
                ("authenticated", format!(r#"{{"sub":"{user}","role":"authenticated"}}"#))
            }
            (Role::User, None) => ("authenticated", r#"{"role":"authenticated"}"#.to_owned()),
            (Role::Service, _) => ("service_role", r#"{"role":"service_role"}"#.to_owned()),
        };
        sql.push_str(&format!(
            ", set_config('request.jwt.claims', '{claims}', true), set_config('role', '{role}', true)"
        ));
    }
    if access == Access::Write {
        sql.push_str(&format!("; SELECT besunny.lock_tenant('{}')", scope.tenant()));
    }
    sql
}
