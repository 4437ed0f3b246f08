//! Items that come with something to be written beside them, such as how far a source was read.

use async_trait::async_trait;

use super::draft::{Item, MAIL_SOURCE, document_item, mail_item};
use super::pipeline::Intake;
use crate::base::{DocumentId, Error, Result, Scope};
use crate::domain::{Ingested, NewDocument, StoreStatus, Transaction};
use crate::offload::offload;

/// What else is written in the transaction that stores an item.
#[async_trait]
pub(crate) trait Companion: Send + Sync {
    /// Writes it; `status` says whether the document is new.
    async fn write(
        &self,
        transaction: &mut dyn Transaction,
        status: StoreStatus,
        document: DocumentId,
    ) -> Result<()>;
}

/// What comes.
pub(crate) enum Incoming {
    /// A raw message.
    Mail(Vec<u8>),
    /// A text.
    Document(NewDocument),
}

impl Incoming {
    fn source(&self) -> String {
        match self {
            Self::Mail(_) => MAIL_SOURCE.to_owned(),
            Self::Document(new) => new.source.clone().unwrap_or_else(|| "upload".to_owned()),
        }
    }
}

impl Intake {
    /// Stores items for their owner, each in one commit with its companion. They are read and
    /// embedded together, and committed in their order; each fails by itself.
    pub(crate) async fn arrivals<C: Companion>(
        &self,
        scope: &Scope,
        arrivals: Vec<(Incoming, C)>,
    ) -> Vec<Result<Ingested>> {
        let (incoming, companions): (Vec<Incoming>, Vec<C>) = arrivals.into_iter().unzip();
        let sources: Vec<String> = incoming.iter().map(Incoming::source).collect();
        let count = incoming.len();
        let items = match self.read_all(incoming).await {
            Ok(items) => items,
            Err(error) => return repeated(&error, count),
        };
        let readable: Vec<&Item> = items.iter().filter_map(|item| item.as_ref().ok()).collect();
        let vectors = match self.embed(std::slice::from_ref(scope), &readable).await {
            Ok(vectors) => vectors,
            Err(error) => return repeated(&error, count),
        };
        let mut results = Vec::with_capacity(count);
        for ((item, companion), source) in items.into_iter().zip(&companions).zip(sources) {
            let result = match item {
                Ok(item) => self.commit(scope, &item, &vectors, None, Some(companion)).await,
                Err(error) => match self.log_refusal(scope, &source, None, &error).await {
                    Ok(()) => Err(error),
                    Err(storage) => Err(storage),
                },
            };
            results.push(result);
        }
        results
    }

    async fn read_all(&self, incoming: Vec<Incoming>) -> Result<Vec<Result<Item>>> {
        let limits = self.limits.clone();
        offload("intake.read", move || {
            let read = |incoming| match incoming {
                Incoming::Mail(raw) => mail_item(&raw, &limits),
                Incoming::Document(new) => document_item(new, &limits),
            };
            Ok(incoming.into_iter().map(read).collect())
        })
        .await
    }
}

/// What stopped all of them, once for each.
fn repeated<T>(error: &Error, count: usize) -> Vec<Result<T>> {
    let again = || {
        let mut again = Error::new(error.kind(), error.operation(), error.message());
        for (key, value) in error.context() {
            again = again.with(key, value);
        }
        again
    };
    std::iter::repeat_with(|| Err(again())).take(count).collect()
}
