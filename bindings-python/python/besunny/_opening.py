"""What both faces do to open a workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

from . import _besunny, _defaults
from ._google_options import GoogleOptions, SyncOptions, google_fields, sync_fields
from ._vocabulary import Location, Precision


def opening(
    location: Location,
    *,
    model: Location | Literal[False] | None,
    precision: Precision,
    virtual_domain: str,
    threads: int | None,
    runtime_library: Location | None,
    index_folder: Location | None,
    background_indexing: bool,
    row_level_security: bool,
    google: GoogleOptions | Mapping[str, Any] | None,
    sync: SyncOptions | Mapping[str, Any] | None,
    clock: _besunny.VirtualClock | None,
) -> _besunny.Call[_besunny.Workspace]:
    """The call that opens the workspace, with what was not given filled in."""
    found = _defaults.model() if model is None else model or ""
    options = {
        # An empty path means no model, whatever the environment says.
        "model": found if found is None else os.fspath(found),
        "precision": precision,
        "virtual_domain": virtual_domain,
        "threads": threads,
        "runtime_library": runtime_library or _defaults.runtime_library(),
        "index_folder": index_folder,
        "background_indexing": background_indexing,
        "row_level_security": row_level_security,
        "google": google_fields(google),
        "sync": sync_fields(sync),
        "clock": clock,
    }
    return _besunny.open_workspace(os.fspath(location), options)
