//! One unit of work on SQLite.

use std::collections::BTreeSet;

use async_trait::async_trait;
use sqlx::{Sqlite, SqliteConnection};

use super::codec::failed;
use super::turn::Turn;
use crate::base::{
    DocumentId, Error, ErrorKind, ProjectId, Result, Role, Scope, SubjectId, TenantId, Timestamp,
};
use crate::domain::{ChangeKind, Committer, Transaction};
use crate::store::listeners::Listeners;

/// An open transaction, bound to the scope it was opened for.
pub(super) struct SqliteTransaction {
    scope: Scope,
    inner: sqlx::Transaction<'static, Sqlite>,
    /// Whose change logs grow with the commit, and who wants to know.
    grown: BTreeSet<TenantId>,
    listeners: Listeners,
    /// Of a writer; given back last.
    _turn: Option<Turn>,
}

impl SqliteTransaction {
    pub(super) fn new(
        scope: Scope,
        inner: sqlx::Transaction<'static, Sqlite>,
        listeners: Listeners,
        turn: Option<Turn>,
    ) -> Self {
        Self { scope, inner, grown: BTreeSet::new(), listeners, _turn: turn }
    }

    /// The tenant, as bound to statements.
    pub(super) fn tenant(&self) -> Vec<u8> {
        self.scope.tenant().as_bytes().to_vec()
    }

    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
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

    /// Appends to the change log of the owner of a job, an account or a meeting, who need not be
    /// the scope's.
    pub(super) async fn record_subject(
        &mut self,
        tenant: TenantId,
        kind: ChangeKind,
        subject: SubjectId,
        at: Timestamp,
    ) -> Result<()> {
        sqlx::query("INSERT INTO changes (tenant_id, kind, subject_id, changed_at) VALUES (?, ?, ?, ?)")
            .bind(tenant.as_bytes().as_slice())
            .bind(kind.as_str())
            .bind(subject.as_bytes().as_slice())
            .bind(at.as_micros())
            .execute(self.connection())
            .await
            .map_err(failed("changes.append"))?;
        self.grown.insert(tenant);
        Ok(())
    }

    /// Appends to the change log.
    pub(super) async fn record(
        &mut self,
        kind: ChangeKind,
        document: Option<DocumentId>,
        project: Option<ProjectId>,
        at: Timestamp,
    ) -> Result<()> {
        let tenant = self.tenant();
        sqlx::query("INSERT INTO changes (tenant_id, kind, document_id, project_id, changed_at) VALUES (?, ?, ?, ?, ?)")
            .bind(tenant)
            .bind(kind.as_str())
            .bind(document.map(|id| id.as_bytes().to_vec()))
            .bind(project.map(|id| id.as_bytes().to_vec()))
            .bind(at.as_micros())
            .execute(self.connection())
            .await
            .map_err(failed("changes.append"))?;
        self.grown.insert(self.scope.tenant());
        Ok(())
    }
}

#[async_trait]
impl Transaction for SqliteTransaction {
    fn scope(&self) -> &Scope {
        &self.scope
    }

    async fn commit(self: Box<Self>) -> Result<()> {
        self.inner.commit().await.map_err(failed("store.commit"))?;
        self.grown.iter().for_each(|&tenant| self.listeners.tell(tenant, Committer::Us));
        Ok(())
    }
}
