//! The methods of the APIs: which path is which, who may call it, what it costs.

use std::sync::OnceLock;

use super::query::decode;
use super::{Answer, Query, Request};
use crate::error::Result;
use crate::fields::{Fields, Selection};
use crate::world::World;
use crate::{calendar, drive, gmail};

/// One of the three APIs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Service {
    Gmail,
    Drive,
    Calendar,
}

impl Service {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gmail => "gmail",
            Self::Drive => "drive",
            Self::Calendar => "calendar",
        }
    }
}

/// A method as the discovery document has it.
#[derive(Debug)]
pub(crate) struct Method {
    /// `gmail.users.history.list`
    pub(crate) id: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) path: &'static str,
    /// Without `https://www.googleapis.com/auth/`, except for full URLs; any one will do.
    pub(crate) scopes: &'static [&'static str],
    /// Quota units: of old projects, of new ones.
    pub(crate) cost: (u32, u32),
    pub(crate) run: fn(&mut World, &Call) -> Result<Answer>,
}

impl Method {
    pub(crate) fn service(&self) -> Service {
        match self.id.as_bytes().first() {
            Some(b'g') => Service::Gmail,
            Some(b'd') => Service::Drive,
            _ => Service::Calendar,
        }
    }
}

/// A call of a method by somebody who may.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static Method,
    pub(crate) request: Request,
    params: Vec<(&'static str, String)>,
    /// The address of the account that the token is for.
    pub(crate) account: String,
    pub(crate) project: String,
    pub(crate) scopes: Vec<String>,
    /// What is wanted of the answer; nothing means all.
    pub(crate) selection: Option<Selection>,
}

impl Call {
    /// A segment of the path, decoded.
    pub(crate) fn param(&self, name: &str) -> &str {
        self.params.iter().find(|(own, _)| *own == name).map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn query(&self) -> &Query {
        &self.request.query
    }

    /// What is wanted of what lies at a path of the answer.
    pub(crate) fn fields(&self, path: &[&str]) -> Fields<'_> {
        self.selection.as_ref().map_or_else(Fields::all, |selection| selection.at(path))
    }

    /// Whether the token has one of these scopes, named as in [`Method::scopes`].
    pub(crate) fn has_scope(&self, wanted: &[&str]) -> bool {
        allows(&self.scopes, wanted)
    }
}

/// Whether one of the scopes that are granted is one of those that are wanted.
pub(crate) fn allows<S: AsRef<str>>(granted: &[S], wanted: &[&str]) -> bool {
    granted.iter().any(|scope| {
        let scope = scope.as_ref();
        let short = scope.strip_prefix("https://www.googleapis.com/auth/").unwrap_or(scope);
        wanted.contains(&short)
    })
}

pub(crate) type Params = Vec<(&'static str, String)>;

/// The method that a request calls, and the variables in its path.
pub(crate) fn find(request: &Request) -> Option<(&'static Method, Params)> {
    // Mail may come as an upload, to the same methods.
    let path = request.path.strip_prefix("/upload").filter(|path| path.starts_with("/gmail/"));
    let path = path.unwrap_or(&request.path);
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    table().iter().find_map(|(method, pattern)| {
        let fits = method.verb == request.method && pattern.len() == segments.len();
        if !fits {
            return None;
        }
        let mut params = Vec::new();
        for (want, have) in pattern.iter().zip(&segments) {
            match want.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                Some(name) => params.push((name, decode(have))),
                None if want == have => {}
                None => return None,
            }
        }
        Some((*method, params))
    })
}

/// Builds a call.
pub(crate) fn call(
    method: &'static Method,
    params: Params,
    request: Request,
    caller: crate::oauth::Caller,
    selection: Option<Selection>,
) -> Call {
    let crate::oauth::Caller { account, project, scopes } = caller;
    Call { method, request, params, account, project, scopes, selection }
}

type Table = Vec<(&'static Method, Vec<&'static str>)>;

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let all = gmail::METHODS.iter().chain(drive::METHODS).chain(calendar::METHODS);
        all.map(|method| (method, method.path.split('/').collect())).collect()
    })
}
