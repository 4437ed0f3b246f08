//! The Node face of besunny. It converts arguments and results and maps errors; every
//! decision is made in the crate `besunny`.
//!
//! Doc comments here become the JSDoc of `index.d.ts`, so they speak to TypeScript users.
#![deny(missing_docs)]

pub mod clock;
pub mod documents;
pub mod errors;
pub mod event_handling;
pub mod event_loop;
pub mod events;
pub mod google;
pub mod job_handler;
pub mod jobs;
pub mod loading;
pub mod mail;
pub mod meetings;
pub mod options;
pub mod projects;
pub mod types;
pub mod user;
pub mod users;
pub mod vocabulary;
pub mod workspace;
