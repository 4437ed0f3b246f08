//! Who wants to know of commits.

use std::sync::{Arc, PoisonError, RwLock};

use crate::base::TenantId;
use crate::domain::{CommitListener, Committer};

/// The listeners of a store; clones share them.
#[derive(Clone, Default)]
pub(super) struct Listeners(Arc<RwLock<Vec<CommitListener>>>);

impl Listeners {
    pub(super) fn add(&self, listener: CommitListener) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).push(listener);
    }

    /// Tells that a tenant's change log may have grown.
    pub(super) fn tell(&self, tenant: TenantId, committer: Committer) {
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        listeners.iter().for_each(|listener| listener(tenant, committer));
    }

    /// Lets go of everybody.
    pub(super) fn clear(&self) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
