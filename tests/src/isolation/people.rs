//! A user of the run, and what they may name in a call.

use std::collections::{BTreeMap, BTreeSet};

use besunny::{BatchId, DocumentFilter, DocumentId, Ingested, JobId, PageRequest, ProjectId, UserHandle};

use super::{Fuzz, Random};

/// A user, and what is theirs.
pub(super) struct Person {
    pub(super) me: UserHandle,
    /// Stands in every text of theirs, and in nobody else's.
    pub(super) word: String,
    /// Their documents, each with the mail it came with.
    pub(super) documents: BTreeMap<DocumentId, Option<DocumentId>>,
    pub(super) projects: BTreeSet<ProjectId>,
    pub(super) jobs: BTreeSet<JobId>,
    pub(super) batches: BTreeSet<BatchId>,
    /// The names of their schedules.
    pub(super) schedules: BTreeSet<&'static str>,
    /// Cursors that pages of theirs gave out.
    pub(super) pages: Vec<String>,
}

impl Person {
    pub(super) fn new(me: UserHandle) -> Self {
        let word = format!("zq{}qz", me.user().username);
        Self {
            me,
            word,
            documents: BTreeMap::new(),
            projects: BTreeSet::new(),
            jobs: BTreeSet::new(),
            batches: BTreeSet::new(),
            schedules: BTreeSet::new(),
            pages: Vec::new(),
        }
    }

    pub(super) fn keep(&mut self, ingested: &Ingested) {
        self.documents.insert(ingested.document.id, ingested.document.parent_id);
        for attachment in &ingested.attachments {
            self.documents.insert(attachment.id, attachment.parent_id);
        }
    }

    pub(super) fn forget(&mut self, id: DocumentId) {
        self.documents.retain(|each, parent| *each != id && *parent != Some(id));
    }
}

/// Whose thing a call names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    Own,
    Foreign,
    Nobodys,
}

impl Random {
    /// 16 bytes that are the id of nothing.
    pub(super) fn unknown(&mut self) -> [u8; 16] {
        let (high, low) = (self.next(), self.next());
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }
}

impl Fuzz<'_> {
    /// Somebody else.
    pub(super) fn another(&mut self, who: usize) -> usize {
        (who + 1 + self.random.below(self.people.len() - 1)) % self.people.len()
    }

    /// Mostly one's own, often another's, sometimes nobody's.
    fn whose(&mut self, who: usize) -> (Whose, usize) {
        match self.random.below(10) {
            0 => (Whose::Nobodys, who),
            1..=5 => (Whose::Own, who),
            _ => (Whose::Foreign, self.another(who)),
        }
    }

    pub(super) fn document(&mut self, who: usize) -> (DocumentId, Whose) {
        let (whose, owner) = self.whose(who);
        let known: Vec<DocumentId> = self.people[owner].documents.keys().copied().collect();
        match self.random.pick(&known) {
            Some(id) if whose != Whose::Nobodys => (*id, whose),
            _ => (DocumentId::from_bytes(self.random.unknown()), Whose::Nobodys),
        }
    }

    pub(super) fn project(&mut self, who: usize) -> (ProjectId, Whose) {
        let (whose, owner) = self.whose(who);
        let known: Vec<ProjectId> = self.people[owner].projects.iter().copied().collect();
        match self.random.pick(&known) {
            Some(id) if whose != Whose::Nobodys => (*id, whose),
            _ => (ProjectId::from_bytes(self.random.unknown()), Whose::Nobodys),
        }
    }

    pub(super) fn job(&mut self, who: usize) -> (JobId, Whose) {
        let (whose, owner) = self.whose(who);
        let known: Vec<JobId> = self.people[owner].jobs.iter().copied().collect();
        match self.random.pick(&known) {
            Some(id) if whose != Whose::Nobodys => (*id, whose),
            _ => (JobId::from_bytes(self.random.unknown()), Whose::Nobodys),
        }
    }

    pub(super) fn batch(&mut self, who: usize) -> (BatchId, Whose) {
        let (whose, owner) = self.whose(who);
        let known: Vec<BatchId> = self.people[owner].batches.iter().copied().collect();
        match self.random.pick(&known) {
            Some(id) if whose != Whose::Nobodys => (*id, whose),
            _ => (BatchId::from_bytes(self.random.unknown()), Whose::Nobodys),
        }
    }

    /// A page, often from where another's list was left.
    pub(super) fn page(&mut self, who: usize) -> PageRequest {
        let (_, owner) = self.whose(who);
        let after = self.random.pick(&self.people[owner].pages).cloned();
        let after = after.filter(|_| self.random.chance(70));
        PageRequest { size: 1 + self.random.below(9) as u32, after }
    }
}

/// Every document that a user's list shows.
pub(super) async fn listed(me: &UserHandle) -> BTreeSet<DocumentId> {
    let (mut page, mut found) = (PageRequest { size: 1000, after: None }, BTreeSet::new());
    loop {
        let listed = me.documents().list(DocumentFilter::default(), page.clone()).await.expect("lists");
        found.extend(listed.items.iter().map(|document| document.id));
        page.after = listed.next;
        if page.after.is_none() {
            return found;
        }
    }
}
