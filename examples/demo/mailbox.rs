//! What the demo works on: the built-in mailbox, or the reader's own.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use besunny::ProjectFields;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Failure, built_in};

/// How the mailbox lies on disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mbox,
    Maildir,
    Folder,
}

/// What the reader gave: `MAIL`, `WORKSPACE`, `PROJECTS`, `QUERY`, all optional.
pub(crate) struct Given {
    pub(crate) mail: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) is_built_in: bool,
    pub(crate) workspace: Option<PathBuf>,
    projects: Option<PathBuf>,
    query: Option<String>,
}

/// A search of the built-in mailbox.
#[derive(Clone, Default, Deserialize)]
pub(crate) struct Search {
    pub(crate) query: String,
    pub(crate) project: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) source: Option<String>,
}

/// Where a mail of the built-in mailbox belongs, as a person sees it.
#[derive(Deserialize)]
pub(crate) struct Expected {
    pub(crate) project: Option<String>,
}

impl Given {
    pub(crate) fn from_environment() -> Result<Self, Failure> {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let own = set("MAIL");
        let is_built_in = own.is_none();
        let mail = own.unwrap_or_else(built_in);
        let kind = if mail.is_file() {
            Kind::Mbox
        } else if mail.join("cur").is_dir() || mail.join("new").is_dir() {
            Kind::Maildir
        } else if mail.is_dir() {
            Kind::Folder
        } else {
            return Err(
                format!("there is no mbox, Maildir or folder of .eml files at {}", mail.display()).into()
            );
        };
        let query = env::var("QUERY").ok().filter(|query| !query.is_empty());
        Ok(Self { mail, kind, is_built_in, workspace: set("WORKSPACE"), projects: set("PROJECTS"), query })
    }

    pub(crate) fn projects(&self) -> Result<Vec<ProjectFields>, Failure> {
        match &self.projects {
            Some(path) => read(path),
            None if self.is_built_in => read(&built_in().join("projects.json")),
            None => {
                println!("No projects are given, so nothing will be assigned; write them like");
                println!("examples/mailbox/projects.json and add PROJECTS=your.json.\n");
                Ok(Vec::new())
            }
        }
    }

    pub(crate) fn expected(&self) -> Result<Option<BTreeMap<String, Expected>>, Failure> {
        self.is_built_in.then(|| read(&built_in().join("expected.json"))).transpose()
    }

    pub(crate) fn searches(&self) -> Result<Vec<Search>, Failure> {
        match &self.query {
            Some(query) => Ok(vec![Search { query: query.clone(), ..Search::default() }]),
            None if self.is_built_in => read(&built_in().join("searches.json")),
            None => Ok(["invoice", "meeting next week", "please send me the file"]
                .map(|query| Search { query: query.to_owned(), ..Search::default() })
                .to_vec()),
        }
    }
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()).into())
}
