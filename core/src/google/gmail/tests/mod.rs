mod changing;
mod fetching;
mod fixtures;
mod full;
mod snapshots;
mod watching;
