mod changing;
mod exports;
mod fetching;
mod fixtures;
mod snapshots;
mod watching;
