//! A user's documents.

use super::UserHandle;
use super::projects::missing as missing_project;
use crate::base::{DocumentId, Error, ErrorKind, ProjectId, Result};
use crate::domain::{
    Access, Assignment, Correction, Document, DocumentFilter, Ingested, NewDocument, Page, PageRequest,
};

/// A user's documents.
#[derive(Clone, Debug)]
pub struct Documents {
    me: UserHandle,
}

impl Documents {
    pub(super) fn new(me: UserHandle) -> Self {
        Self { me }
    }

    /// Stores a text, Markdown, HTML, CSV or JSON document, assigns it and makes it
    /// searchable. The same source and source id with the same content is a no-op, with
    /// other content a new revision.
    ///
    /// # Errors
    /// `invalid_input`, `malformed`, `unsupported` or `limit_exceeded` for content that
    /// cannot be taken.
    pub async fn ingest(&self, document: NewDocument) -> Result<Ingested> {
        self.me.workspace.check_open("documents.ingest")?;
        self.me.workspace.inner.intake.document(&self.me.scope, document).await
    }

    /// One document.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn get(&self, id: DocumentId) -> Result<Document> {
        let mut read = self.me.workspace.begin("documents.get", &self.me.scope, Access::Read).await?;
        let stored = read.document(id).await?.ok_or_else(|| missing("documents.get", id))?;
        Ok(stored.document)
    }

    /// What came with a document and became documents of their own.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn attachments(&self, id: DocumentId) -> Result<Vec<Document>> {
        let operation = "documents.attachments";
        let mut read = self.me.workspace.begin(operation, &self.me.scope, Access::Read).await?;
        if read.document(id).await?.is_none() {
            return Err(missing(operation, id));
        }
        read.attachments_of(id).await
    }

    /// Documents that pass the filter, latest stored first.
    ///
    /// # Errors
    /// `invalid_input` for a bad page request.
    pub async fn list(&self, filter: DocumentFilter, page: PageRequest) -> Result<Page<Document>> {
        self.me
            .workspace
            .begin("documents.list", &self.me.scope, Access::Read)
            .await?
            .documents(&filter, &page)
            .await
    }

    /// Deletes a document and what came with it. No search finds it any more.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn delete(&self, id: DocumentId) -> Result<()> {
        let mut write = self.me.workspace.begin("documents.delete", &self.me.scope, Access::Write).await?;
        if write.delete_document(id, self.me.workspace.inner.clock.now()).await?.is_empty() {
            return Err(missing("documents.delete", id));
        }
        write.commit().await
    }

    /// Puts a document into a project, or into none, because the user says so. What came
    /// with it follows, and the next decision has learned from it.
    ///
    /// # Errors
    /// `not_found` for the document or the project.
    pub async fn assign(&self, id: DocumentId, project: Option<ProjectId>) -> Result<Document> {
        let operation = "documents.assign";
        let mut write = self.me.workspace.begin(operation, &self.me.scope, Access::Write).await?;
        let now = self.me.workspace.inner.clock.now();
        let document = write.document(id).await?.ok_or_else(|| missing(operation, id))?.document;
        if let Some(project) = project {
            write.project(project).await?.ok_or_else(|| missing_project(operation, project))?;
        }
        let attached = write.attachments_of(id).await?;
        for each in std::iter::once(&document).chain(&attached) {
            let decision = Assignment::by_user(project, each.assignment.alternatives.clone());
            write.set_assignment(each.id, &decision, now).await?;
        }
        let correction =
            Correction { document_id: id, from_project: document.project_id(), to_project: project, at: now };
        write.insert_correction(&correction).await?;
        let corrected = write.document(id).await?.ok_or_else(|| missing(operation, id))?.document;
        write.commit().await?;
        Ok(corrected)
    }
}

fn missing(operation: &'static str, id: DocumentId) -> Error {
    Error::new(ErrorKind::NotFound, operation, "no such document").with("document", id)
}
