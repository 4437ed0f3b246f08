//! What an assignment is decided from, and who decides it.

use async_trait::async_trait;

use super::{Assignment, Mailbox, Transaction};
use crate::base::{Result, Scope};

/// Everything known about an item before it is assigned. Fields that are unknown are
/// empty; the decision then rests on the others.
#[derive(Clone, Copy, Debug, Default)]
pub struct ItemClues<'a> {
    /// The subject or title.
    pub subject: &'a str,
    /// The new text.
    pub text: &'a str,
    /// What it quotes from earlier mail; weaker than what it says itself.
    pub quoted: &'a str,
    /// Who wrote it.
    pub sender: Option<&'a Mailbox>,
    /// Who it was sent to.
    pub recipients: &'a [Mailbox],
    /// The conversation it belongs to.
    pub thread_id: Option<&'a str>,
    /// Its embedding, of unit length.
    pub vector: Option<&'a [f32]>,
}

/// Decides which project an item belongs to.
#[async_trait]
pub trait Decider: Send + Sync {
    /// Brings what is known about the scope's projects up to date. Called before a
    /// write transaction is opened, since it may have to run the model.
    async fn prepare(&self, scope: &Scope) -> Result<()>;

    /// Learns anew from everything that the scope's users corrected, with the present model;
    /// how many examples that are.
    async fn train(&self, scope: &Scope) -> Result<u64>;

    /// Decides, with what [`Decider::prepare`] knows and the conversations in `transaction`.
    async fn decide(&self, transaction: &mut dyn Transaction, clues: &ItemClues<'_>) -> Result<Assignment>;
}
