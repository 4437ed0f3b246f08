//! On whose behalf a call runs.

use super::{TenantId, UserId};

/// What a scope may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// A user, within their own tenant.
    User,
    /// The workspace itself: keeps the list of users and the log of undeliverable mail.
    Service,
}

/// The tenant and actor of a call. Storage and index give out nothing without one,
/// and nothing that belongs to another tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    tenant: TenantId,
    actor: Option<UserId>,
    role: Role,
}

impl Scope {
    /// The scope of a user: their own tenant, acting for themselves.
    #[must_use]
    pub fn user(user: UserId) -> Self {
        Self { tenant: user.into(), actor: Some(user), role: Role::User }
    }

    /// The scope of the workspace itself.
    #[must_use]
    pub fn service() -> Self {
        Self { tenant: TenantId::SYSTEM, actor: None, role: Role::Service }
    }

    /// The scope of whoever owns a tenant's data: its user, or the workspace itself.
    #[must_use]
    pub fn of(tenant: TenantId) -> Self {
        if tenant == TenantId::SYSTEM { Self::service() } else { Self::user(tenant.into()) }
    }

    /// Whose data the call sees.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Who acts; `None` for the workspace itself.
    #[must_use]
    pub fn actor(&self) -> Option<UserId> {
        self.actor
    }

    /// What the call may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }
}
