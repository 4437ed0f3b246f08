//! From what a page tells to objects and work, in the transaction that moves the cursor.

use std::collections::HashMap;

use super::kept::{Kept, parent_of, version_of};
use crate::base::{Result, Timestamp};
use crate::domain::{FileState, MirrorObject, NewWork, News, ObjectState, StreamKey, Told, Transaction};

/// The object is gone, as its source told: there is nothing to fetch.
pub(super) const GONE: &str = "gone";
/// What is known of the object may be out of date though its source told nothing.
pub(super) const ANEW: &str = "anew";

/// The media type of a folder.
const FOLDER: &str = "application/vnd.google-apps.folder";
/// How deep folders are followed down; more than Drive allows.
const DEEPEST: usize = 100;

/// What all pages of one listing have in common.
#[derive(Clone, Copy)]
pub(super) struct Listing {
    /// The snapshot it is, if it is one.
    pub(super) snapshot: Option<u64>,
    /// The stream's last snapshot.
    pub(super) last_snapshot: u64,
    pub(super) now: Timestamp,
}

/// Writes down what a page tells; how many objects it was news about.
pub(super) async fn take_page(
    transaction: &mut dyn Transaction,
    key: &StreamKey,
    told: Vec<Told>,
    listing: Listing,
) -> Result<u32> {
    let told = merged(told);
    let ids: Vec<&str> = told.iter().map(|told| told.id.as_str()).collect();
    let known = transaction.objects(key, &ids).await?;
    let waiting = transaction.work_items(key, &ids).await?;
    if let Some(number) = listing.snapshot {
        let met = told.iter().filter(|told| told.what != Some(News::Gone)).map(|told| told.id.as_str());
        transaction.mark_seen(key, &met.collect::<Vec<_>>(), number).await?;
    }
    let mut page = Page { objects: Vec::new(), work: Vec::new(), folders: Vec::new(), listing };
    let mut news = 0;
    for ((told, known), waiting) in told.into_iter().zip(known).zip(waiting) {
        let known = known.map(|object| Kept::read_from(&object).map(|kept| (object, kept))).transpose()?;
        news += u32::from(page.take(told, known, waiting.is_some())?);
    }
    if !page.objects.is_empty() {
        transaction.put_objects(key, &page.objects).await?;
    }
    // What is under a folder that went to or came from the trash went and came with it, and its
    // source need not say so.
    let below = descendants(transaction, key, page.folders).await?;
    page.work.extend(below.into_iter().map(|id| NewWork { id, note: Some(ANEW.to_owned()) }));
    if !page.work.is_empty() {
        transaction.add_work(key, &page.work, listing.now).await?;
    }
    Ok(news)
}

/// Asks for objects to be taken out.
pub(super) async fn ask_gone(
    transaction: &mut dyn Transaction,
    key: &StreamKey,
    ids: &[&str],
    now: Timestamp,
) -> Result<()> {
    let work = ids.iter().map(|&id| NewWork { id: id.to_owned(), note: Some(GONE.to_owned()) });
    transaction.add_work(key, &work.collect::<Vec<_>>(), now).await
}

/// What a page tells about one object.
#[derive(Debug, PartialEq)]
struct Merged {
    id: String,
    what: Option<News>,
    /// Whether it went and came again, so that nothing known of it holds.
    again: bool,
    /// Labels it got and lost since it was there.
    labels: Option<(Vec<String>, Vec<String>)>,
}

/// What is told about each object, in the order in which they were first told: what was told
/// last counts, but for labels, which add up.
fn merged(told: Vec<Told>) -> Vec<Merged> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut merged: Vec<Merged> = Vec::with_capacity(told.len());
    for Told { id, what } in told {
        let place = *places.entry(id.clone()).or_insert(merged.len());
        if place == merged.len() {
            merged.push(Merged { id, what: None, again: false, labels: None });
        }
        merged[place].add(what);
    }
    merged
}

impl Merged {
    fn add(&mut self, what: News) {
        match (self.what.take(), what) {
            (before, News::Relabelled { added, removed }) => {
                self.what = before;
                let (all_added, all_removed) = self.labels.get_or_insert_default();
                all_added.retain(|label| !removed.contains(label));
                all_removed.retain(|label| !added.contains(label));
                all_added.extend(added);
                all_removed.extend(removed);
            }
            (Some(News::Is(older)), News::Is(newer)) if is_newer(&older, &newer) => {
                self.what = Some(News::Is(older));
            }
            (before, later) => {
                if later == News::Gone {
                    self.labels = None;
                }
                self.again |= before == Some(News::Gone);
                self.what = Some(later);
            }
        }
    }
}

/// Whether `one` is certainly newer than `other`.
fn is_newer(one: &ObjectState, other: &ObjectState) -> bool {
    match (version_of(one), version_of(other)) {
        (Some(one), Some(other)) => one > other,
        _ => false,
    }
}

/// What a page leads to.
struct Page {
    objects: Vec<MirrorObject>,
    work: Vec<NewWork>,
    /// Folders whose contents have to be looked at anew.
    folders: Vec<String>,
    listing: Listing,
}

impl Page {
    /// Takes one piece of news in; whether it was one.
    fn take(&mut self, told: Merged, known: Option<(MirrorObject, Kept)>, is_waiting: bool) -> Result<bool> {
        let Merged { id, what, again, labels } = told;
        let relabelled = match labels {
            Some((added, removed)) => self.relabel(known.clone(), &added, &removed)?,
            None => false,
        };
        match what {
            None | Some(News::Relabelled { .. }) => Ok(relabelled),
            Some(News::Gone) => {
                let Some((_, kept)) = known else {
                    // It came and went before it was looked at; or was never here.
                    if is_waiting {
                        self.ask(id, Some(GONE));
                    }
                    return Ok(is_waiting);
                };
                if is_folder(&kept.state) {
                    self.folders.push(id.clone());
                }
                self.ask(id, Some(GONE));
                Ok(true)
            }
            Some(News::Changed) => {
                let is_mail =
                    known.as_ref().is_some_and(|(_, kept)| matches!(kept.state, ObjectState::Mail(_)));
                // A message's content never changes, and its labels are told apart; only a
                // snapshot has to look at what is known.
                if is_mail && !again && self.listing.snapshot.is_none() && !is_waiting {
                    return Ok(relabelled);
                }
                self.ask(id, None);
                Ok(true)
            }
            Some(News::Is(state)) => self.describe(id, *state, known),
        }
    }

    fn relabel(
        &mut self,
        known: Option<(MirrorObject, Kept)>,
        added: &[String],
        removed: &[String],
    ) -> Result<bool> {
        // What is not here yet is fetched with the labels it has then.
        let Some((mut object, mut kept)) = known else { return Ok(false) };
        let ObjectState::Mail(mail) = &mut kept.state else { return Ok(false) };
        let before = mail.labels.clone();
        mail.labels.retain(|label| !removed.contains(label));
        mail.labels.extend(added.iter().cloned());
        mail.labels.sort_unstable();
        mail.labels.dedup();
        if mail.labels == before {
            return Ok(false);
        }
        object.data = kept.written()?;
        self.put(object);
        Ok(true)
    }

    fn describe(
        &mut self,
        id: String,
        state: ObjectState,
        known: Option<(MirrorObject, Kept)>,
    ) -> Result<bool> {
        let Some((mut object, kept)) = known else {
            let object = MirrorObject {
                id: id.clone(),
                parent: parent_of(&state),
                version: version_of(&state),
                data: Kept::described(state).written()?,
                document: None,
                seen: self.listing.last_snapshot,
            };
            self.objects.push(object);
            self.ask(id, None);
            return Ok(true);
        };
        // An older state can come after a newer one.
        let is_stale =
            object.version.as_ref().zip(version_of(&state)).is_some_and(|(known, told)| *known > told);
        if is_stale || kept.state == state {
            if self.listing.snapshot.is_some() {
                self.put(object);
            }
            return Ok(false);
        }
        if is_folder(&state) && is_trashed(&state) != is_trashed(&kept.state) {
            self.folders.push(id.clone());
        }
        object.parent = parent_of(&state);
        object.version = version_of(&state);
        object.data = Kept { state: carried(&kept.state, state), ..kept }.written()?;
        self.put(object);
        self.ask(id, None);
        Ok(true)
    }

    fn put(&mut self, mut object: MirrorObject) {
        if let Some(number) = self.listing.snapshot {
            object.seen = number;
        }
        self.objects.push(object);
    }

    fn ask(&mut self, id: String, note: Option<&str>) {
        self.work.push(NewWork { id, note: note.map(str::to_owned) });
    }
}

/// A new state with what only fetching tells, which still holds.
fn carried(before: &ObjectState, mut after: ObjectState) -> ObjectState {
    if let (ObjectState::File(before), ObjectState::File(after)) = (before, &mut after)
        && after.unread.is_none()
        && after.content_version == before.content_version
    {
        after.unread.clone_from(&before.unread);
    }
    after
}

fn is_folder(state: &ObjectState) -> bool {
    matches!(state, ObjectState::File(FileState { media_type, .. }) if media_type == FOLDER)
}

fn is_trashed(state: &ObjectState) -> bool {
    matches!(state, ObjectState::File(FileState { trashed: true, .. }))
}

/// Everything that is under any of `folders`.
async fn descendants(
    transaction: &mut dyn Transaction,
    key: &StreamKey,
    folders: Vec<String>,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    let mut level = folders;
    for _ in 0..DEEPEST {
        if level.is_empty() {
            break;
        }
        let parents: Vec<&str> = level.iter().map(String::as_str).collect();
        level = transaction.children(key, &parents).await?.into_iter().map(|object| object.id).collect();
        found.extend(level.iter().cloned());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relabelled(added: &[&str], removed: &[&str]) -> News {
        let all = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect();
        News::Relabelled { added: all(added), removed: all(removed) }
    }

    fn merge(news: Vec<News>) -> Merged {
        let told = news.into_iter().map(|what| Told { id: "a".into(), what }).collect();
        let mut merged = merged(told);
        assert_eq!(merged.len(), 1);
        merged.remove(0)
    }

    #[test]
    fn what_was_told_last_counts() {
        assert_eq!(merge(vec![News::Changed, News::Gone]).what, Some(News::Gone));
        let again = merge(vec![News::Gone, News::Changed]);
        assert_eq!((again.what, again.again), (Some(News::Changed), true));
    }

    #[test]
    fn labels_add_up_until_the_object_goes() {
        let told = merge(vec![
            relabelled(&["X"], &["Y"]),
            relabelled(&["Y"], &["X"]),
            News::Changed,
            relabelled(&["Z"], &[]),
        ]);
        assert_eq!(told.what, Some(News::Changed));
        assert_eq!(told.labels, Some((vec!["Y".into(), "Z".into()], vec!["X".into()])));
        assert_eq!(merge(vec![relabelled(&["X"], &[]), News::Gone]).labels, None);
    }

    #[test]
    fn of_two_states_in_a_page_the_newer_counts() {
        let is =
            |version| News::Is(Box::new(ObjectState::File(FileState { version, ..FileState::default() })));
        assert_eq!(merge(vec![is(9), is(10)]).what, Some(is(10)));
        assert_eq!(merge(vec![is(10), is(9)]).what, Some(is(10)));
    }
}
