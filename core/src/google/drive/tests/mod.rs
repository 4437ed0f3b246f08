mod changing;
mod exports;
mod fetching;
mod fixtures;
mod levelling;
mod snapshots;
mod watching;
