//! Calendar: wire forms, recurrence, meeting links, and a calendar as a source.
