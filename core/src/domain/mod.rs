//! The vocabulary.

mod mail;
mod username;

pub use mail::{AttachmentFacts, Automatic, MailFacts, Mailbox};
pub use username::Username;
