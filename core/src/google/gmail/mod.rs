//! Gmail: wire forms, batches, and the mailbox as a source.
