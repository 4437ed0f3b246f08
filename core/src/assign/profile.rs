//! What a project says about itself, prepared for matching.

use std::collections::HashMap;

use crate::domain::{Mailbox, Project, Signal};
use crate::text::terms;

/// A phrase of a project: the terms that must follow each other.
#[derive(Clone, Debug)]
pub(super) struct Phrase {
    pub(super) signal: Signal,
    /// As its owner wrote it.
    pub(super) written: String,
    pub(super) terms: Vec<String>,
    /// How many projects have the same phrase; what many share tells little apart.
    pub(super) shared_by: usize,
}

/// A person of a project.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) mailbox: Mailbox,
    /// The name as terms, to find it in running text.
    pub(super) name_terms: Vec<String>,
    pub(super) shared_by: usize,
}

/// A project, ready to be compared with items.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    pub(super) project: Project,
    pub(super) phrases: Vec<Phrase>,
    pub(super) people: Vec<Person>,
    /// Domains in lower case without `@`, with how many projects share them.
    pub(super) domains: Vec<(String, usize)>,
    /// The embedding of [`profile_text`], where there is a model.
    pub(super) vector: Option<Vec<f32>>,
}

/// What is embedded for a project: everything its owner wrote that carries meaning.
pub(super) fn profile_text(project: &Project) -> String {
    let fields = &project.fields;
    let mut text = fields.name.clone();
    for part in [&fields.description, &fields.notes] {
        if !part.is_empty() {
            text.push_str(". ");
            text.push_str(part);
        }
    }
    for list in [&fields.keywords, &fields.tags, &fields.categories] {
        if !list.is_empty() {
            text.push_str(". ");
            text.push_str(&list.join(", "));
        }
    }
    text
}

/// The terms of a phrase, without stop words at its ends ("The Lighthouse" is found as
/// "lighthouse"), unless nothing else is left.
fn phrase_terms(text: &str) -> Vec<String> {
    let all = terms(text);
    let first = all.iter().position(|term| !term.stop).unwrap_or(0);
    let last = all.iter().rposition(|term| !term.stop).map_or(all.len(), |last| last + 1);
    let mut kept: Vec<String> = Vec::new();
    let mut position = None;
    for term in &all[first..last] {
        // A code such as LX-204 is one term as a whole and more as its parts, at the same
        // position; the whole comes first and is enough.
        if position != Some(term.position) {
            kept.push(term.text.clone());
            position = Some(term.position);
        }
    }
    kept
}

/// Prepares all projects of a tenant; `vectors` are those of their [`profile_text`]s.
pub(super) fn profiles(projects: Vec<Project>, vectors: Vec<Option<Vec<f32>>>) -> Vec<Profile> {
    let mut phrase_owners: HashMap<Vec<String>, usize> = HashMap::new();
    let mut person_owners: HashMap<String, usize> = HashMap::new();
    let mut domain_owners: HashMap<String, usize> = HashMap::new();
    let mut profiles: Vec<Profile> = Vec::with_capacity(projects.len());
    for (project, vector) in projects.into_iter().zip(vectors) {
        let fields = &project.fields;
        let mut phrases: Vec<Phrase> = Vec::new();
        let lists: [(Signal, &[String]); 5] = [
            (Signal::Name, std::slice::from_ref(&fields.name)),
            (Signal::Code, &fields.codes),
            (Signal::Keyword, &fields.keywords),
            (Signal::Tag, &fields.tags),
            (Signal::Category, &fields.categories),
        ];
        for (signal, list) in lists {
            for written in list {
                let terms = phrase_terms(written);
                // A phrase counts once, as the strongest signal it stands for.
                if !terms.is_empty() && !phrases.iter().any(|phrase| phrase.terms == terms) {
                    phrases.push(Phrase { signal, written: written.clone(), terms, shared_by: 1 });
                }
            }
        }
        let people = fields.people.iter().map(|written| {
            let mailbox = Mailbox::parse(written);
            let name_terms = mailbox.name.as_deref().map(phrase_terms).unwrap_or_default();
            Person { name_terms, mailbox, shared_by: 1 }
        });
        let domains = fields.domains.iter().map(|domain| (domain.trim_start_matches('@').to_lowercase(), 1));
        let profile =
            Profile { phrases, people: people.collect(), domains: domains.collect(), vector, project };
        for phrase in &profile.phrases {
            *phrase_owners.entry(phrase.terms.clone()).or_default() += 1;
        }
        for person in &profile.people {
            *person_owners.entry(person_key(&person.mailbox)).or_default() += 1;
        }
        for (domain, _) in &profile.domains {
            *domain_owners.entry(domain.clone()).or_default() += 1;
        }
        profiles.push(profile);
    }
    for profile in &mut profiles {
        for phrase in &mut profile.phrases {
            phrase.shared_by = phrase_owners.get(&phrase.terms).copied().unwrap_or(1);
        }
        for person in &mut profile.people {
            person.shared_by = person_owners.get(&person_key(&person.mailbox)).copied().unwrap_or(1);
        }
        for (domain, shared_by) in &mut profile.domains {
            *shared_by = domain_owners.get(domain).copied().unwrap_or(1);
        }
    }
    profiles
}

fn person_key(mailbox: &Mailbox) -> String {
    let name = mailbox.name.as_deref().filter(|_| mailbox.address.is_empty());
    name.unwrap_or(&mailbox.address).to_lowercase()
}
