//! Notifications: who sent them, and what they are about.
