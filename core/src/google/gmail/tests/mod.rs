mod changing;
mod fetching;
mod fixtures;
mod full;
mod levelling;
mod snapshots;
mod watching;
