//! A user's documents.

use napi::Result;
use napi_derive::napi;

use crate::errors::rejection;
use crate::options::{DocumentOptions, ListOptions, parse};
use crate::types::document::{Document, DocumentPage, Ingested};
use crate::types::input::{Content, IdOrNull};
use crate::types::list;
use crate::user::LazyUser;

/// A user's documents.
#[napi]
pub struct Documents {
    me: LazyUser,
}

impl Documents {
    pub(crate) fn new(me: LazyUser) -> Self {
        Self { me }
    }
}

#[napi]
impl Documents {
    /// Stores a text, Markdown, HTML, CSV or JSON document, assigns it and makes it
    /// searchable. The same source and source id with the same content is a no-op, with
    /// other content a new revision.
    ///
    /// Rejects with `invalid_input`, `malformed`, `unsupported` or `limit_exceeded` for
    /// content that cannot be taken.
    #[napi(strict)]
    pub async fn ingest(
        &self,
        #[napi(ts_arg_type = "string | Uint8Array")] content: Content,
        options: Option<DocumentOptions>,
    ) -> Result<Ingested> {
        let document = options.unwrap_or_default().into_core(content.0)?;
        Ok(self.me.get().await?.documents().ingest(document).await.map_err(rejection)?.into())
    }

    /// One document; rejects with `not_found`.
    #[napi(strict)]
    pub async fn get(&self, document_id: String) -> Result<Document> {
        let id = parse(document_id)?;
        Ok(self.me.get().await?.documents().get(id).await.map_err(rejection)?.into())
    }

    /// Documents that pass the filter, latest stored first, a page at a time.
    #[napi(strict)]
    pub async fn list(&self, options: Option<ListOptions>) -> Result<DocumentPage> {
        let (filter, page) = options.unwrap_or_default().into_core()?;
        Ok(self.me.get().await?.documents().list(filter, page).await.map_err(rejection)?.into())
    }

    /// What came with a document and became documents of their own.
    #[napi(strict)]
    pub async fn attachments(&self, document_id: String) -> Result<Vec<Document>> {
        let id = parse(document_id)?;
        Ok(list(self.me.get().await?.documents().attachments(id).await.map_err(rejection)?))
    }

    /// Deletes a document and what came with it. No search finds it any more.
    #[napi(strict)]
    pub async fn delete(&self, document_id: String) -> Result<()> {
        let id = parse(document_id)?;
        self.me.get().await?.documents().delete(id).await.map_err(rejection)
    }

    /// Puts a document into a project, or with `null` into none, because the user says so.
    /// What came with it follows, and the next decision has learned from it.
    ///
    /// Rejects with `not_found` for the document or the project.
    #[napi(strict)]
    pub async fn assign(
        &self,
        document_id: String,
        #[napi(ts_arg_type = "string | null")] project_id: IdOrNull,
    ) -> Result<Document> {
        let id = parse(document_id)?;
        let project = project_id.0.map(parse).transpose()?;
        Ok(self.me.get().await?.documents().assign(id, project).await.map_err(rejection)?.into())
    }
}
