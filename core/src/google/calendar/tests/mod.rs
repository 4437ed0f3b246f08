mod calendars;
mod events;
mod fetching;
mod fixtures;
mod listing;
mod meetings;
mod watching;
