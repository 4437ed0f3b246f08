//! One hash over what a workspace has understood, to compare workspaces with.

use sha2::{Digest, Sha256};

use super::Workspace;
use crate::base::{Result, Scope};
use crate::domain::{Access, ContentHash, Document, DocumentFilter, PageRequest, Transaction, User};

/// Feeds fields into a hash, each with its length before it, so that no two lists of
/// fields look alike.
#[derive(Default)]
struct Fields(Sha256);

impl Fields {
    fn add(&mut self, field: impl AsRef<[u8]>) -> &mut Self {
        let field = field.as_ref();
        self.0.update((field.len() as u64).to_le_bytes());
        self.0.update(field);
        self
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

impl Workspace {
    /// A SHA-256, in hex, over all documents, their assignments and their vectors.
    ///
    /// It does not depend on the order of rows, on generated ids or on the time of
    /// storing, so two workspaces that were fed the same have the same digest, whatever
    /// language fed them. Each document is hashed over: its owner's username, source,
    /// source id (for other than mail, whose content hash covers its Message-ID), type,
    /// title, author, text, content hash; the name of its project or nothing, who decided,
    /// the confidence's bits, the decision model; and for each chunk its text and its
    /// vector's little-endian bytes. The digest is the hash over the model's fingerprint
    /// and the sorted hashes of the documents.
    ///
    /// # Errors
    /// `storage`.
    pub async fn digest(&self) -> Result<String> {
        let mut hashes: Vec<[u8; 32]> = Vec::new();
        for user in self.users().list().await? {
            let scope = Scope::user(user.id);
            let mut read = self.begin("digest", &scope, Access::Read).await?;
            let mut page = PageRequest { size: 200, after: None };
            loop {
                let documents = read.documents(&DocumentFilter::default(), &page).await?;
                for document in &documents.items {
                    hashes.push(self.document_digest(&mut *read, &user, document).await?);
                }
                page.after = documents.next;
                if page.after.is_none() {
                    break;
                }
            }
        }
        hashes.sort_unstable();
        let mut all = Fields::default();
        all.add(self.fingerprint());
        for hash in hashes {
            all.add(hash);
        }
        Ok(ContentHash(all.finish()).to_string())
    }

    fn fingerprint(&self) -> &str {
        self.inner.encoder.as_ref().map_or("", |encoder| &encoder.info().fingerprint)
    }

    async fn document_digest(
        &self,
        read: &mut dyn Transaction,
        user: &User,
        document: &Document,
    ) -> Result<[u8; 32]> {
        let assignment = &document.assignment;
        let project = match assignment.project_id {
            Some(id) => read.project(id).await?.map(|project| project.fields.name),
            None => None,
        };
        let is_upload = document.mail.is_none() && document.parent_id.is_none();
        let mut fields = Fields::default();
        fields
            .add(user.username.as_str())
            .add(&document.source)
            .add(if is_upload { document.source_id.as_str() } else { "" })
            .add(document.kind.as_str())
            .add(&document.title)
            .add(document.author.as_deref().unwrap_or_default())
            .add(&document.text)
            .add(&document.content_hash)
            .add(project.unwrap_or_default())
            .add(assignment.decided_by.as_str())
            .add(assignment.confidence.to_bits().to_le_bytes())
            .add(&assignment.model);
        let chunks = read.chunks(document.id).await?;
        let hashes: Vec<ContentHash> = chunks.iter().map(|chunk| chunk.content_hash).collect();
        let vectors = read.vectors(self.fingerprint(), &hashes).await?;
        for (chunk, vector) in chunks.iter().zip(vectors) {
            let bytes: Vec<u8> = vector.iter().flatten().flat_map(|value| value.to_le_bytes()).collect();
            fields.add(&chunk.text).add(bytes);
        }
        Ok(fields.finish())
    }
}
