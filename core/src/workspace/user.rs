//! A user's own view of the workspace.

use super::{Documents, Events, Jobs, Meetings, Projects, UserGoogle, UserMail, Workspace};
use crate::base::{Result, Scope};
use crate::domain::{
    Access, Assignment, Hit, IntakeEntry, ItemClues, Mailbox, Page, PageRequest, SearchRequest, User,
};

/// Acts for one user, on their data alone. Cheap to clone.
#[derive(Clone, Debug)]
pub struct UserHandle {
    pub(super) workspace: Workspace,
    pub(super) scope: Scope,
    user: User,
}

/// A text to classify, with what is known about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Classify {
    /// The text.
    pub text: String,
    /// Its subject or title.
    pub subject: Option<String>,
    /// Who wrote it: an address, a name, or `Name <address>`.
    pub sender: Option<String>,
}

impl UserHandle {
    pub(super) fn new(workspace: Workspace, user: User) -> Self {
        Self { workspace, scope: Scope::user(user.id), user }
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// The user's virtual address: mail sent there becomes theirs.
    #[must_use]
    pub fn virtual_address(&self) -> String {
        format!("ai+{}@{}", self.user.username, self.workspace.inner.virtual_domain)
    }

    /// The user's mail.
    #[must_use]
    pub fn mail(&self) -> UserMail {
        UserMail::new(self.clone())
    }

    /// The user's projects.
    #[must_use]
    pub fn projects(&self) -> Projects {
        Projects::new(self.clone())
    }

    /// The user's documents.
    #[must_use]
    pub fn documents(&self) -> Documents {
        Documents::new(self.clone())
    }

    /// The user's accounts at Google.
    #[must_use]
    pub fn google(&self) -> UserGoogle {
        UserGoogle::new(self.clone())
    }

    /// The user's meetings.
    #[must_use]
    pub fn meetings(&self) -> Meetings {
        Meetings::new(self.clone())
    }

    /// The user's jobs.
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        Jobs::new(self.workspace.clone(), self.scope.clone())
    }

    /// What happened to the user's data, in order.
    #[must_use]
    pub fn events(&self) -> Events {
        Events::new(self.clone())
    }

    /// Says which project a text belongs to, without storing anything.
    ///
    /// # Errors
    /// `model` or `storage`.
    pub async fn classify(&self, item: Classify) -> Result<Assignment> {
        self.workspace.check_open("classify")?;
        let inner = &self.workspace.inner;
        let vector = match &inner.encoder {
            Some(encoder) => {
                let text =
                    crate::text::embedded_text(item.subject.as_deref().unwrap_or_default(), &item.text);
                encoder.embed(vec![text]).await?.pop()
            }
            None => None,
        };
        let sender = item.sender.as_deref().map(Mailbox::parse);
        let clues = ItemClues {
            subject: item.subject.as_deref().unwrap_or_default(),
            text: &item.text,
            sender: sender.as_ref(),
            vector: vector.as_deref(),
            ..ItemClues::default()
        };
        inner.decider.prepare(&self.scope).await?;
        let mut read = self.workspace.begin("classify", &self.scope, Access::Read).await?;
        inner.decider.decide(&mut *read, &clues).await
    }

    /// Searches the user's documents: at most one hit per document, best first.
    ///
    /// # Errors
    /// `invalid_input` or `limit_exceeded` for a query or limit out of range,
    /// `model_missing` for a semantic search without a model.
    pub async fn search(&self, request: SearchRequest) -> Result<Vec<Hit>> {
        self.workspace.check_open("search")?;
        self.workspace.inner.searcher.search(&self.scope, &request).await
    }

    /// What became of each item that was handed in, latest first.
    ///
    /// # Errors
    /// `invalid_input` for a bad page request.
    pub async fn intake_log(&self, page: PageRequest) -> Result<Page<IntakeEntry>> {
        self.workspace.begin("intake_log", &self.scope, Access::Read).await?.intake_log(&page).await
    }
}
