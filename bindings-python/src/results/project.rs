//! Projects.

use besunny::Project;
use pyo3::prelude::*;

use super::{ToPython, record};

impl ToPython for Project {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let fields = &self.fields;
        record!(py, "Project",
            "id" => self.id,
            "name" => fields.name,
            "description" => fields.description,
            "keywords" => fields.keywords[..],
            "tags" => fields.tags[..],
            "categories" => fields.categories[..],
            "people" => fields.people[..],
            "domains" => fields.domains[..],
            "codes" => fields.codes[..],
            "notes" => fields.notes,
            "created_at" => self.created_at,
            "updated_at" => self.updated_at,
        )
    }
}
