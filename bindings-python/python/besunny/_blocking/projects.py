"""A user's projects."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from .. import _besunny
from .._types import Project
from .._vocabulary import ProjectRef


class Projects:
    """A user's projects: ``me.projects``."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.Projects) -> None:
        self._native = native

    def create(
        self,
        name: str,
        *,
        description: str = "",
        keywords: Sequence[str] = (),
        tags: Sequence[str] = (),
        categories: Sequence[str] = (),
        people: Sequence[str] = (),
        domains: Sequence[str] = (),
        codes: Sequence[str] = (),
        notes: str = "",
    ) -> Project:
        """Creates a project. The more is filled in, the better mail finds its way.

        >>> shoot = me.projects.create("Lisbon shoot", keywords=["Alfama", "drone permit"])
        >>> shoot.keywords
        ('Alfama', 'drone permit')
        """
        fields = {
            "name": name,
            "description": description,
            "keywords": keywords,
            "tags": tags,
            "categories": categories,
            "people": people,
            "domains": domains,
            "codes": codes,
            "notes": notes,
        }
        return self._native.create(fields).wait()

    def get(self, project_id: ProjectRef) -> Project:
        """One project.

        >>> shoot = me.projects.create("Lisbon shoot")
        >>> me.projects.get(shoot.id) == shoot
        True
        """
        return self._native.get(project_id).wait()

    def list(self) -> builtins.list[Project]:
        """All projects, in order of creation.

        >>> me.projects.list()
        []
        """
        return self._native.list().wait()

    def update(
        self,
        project_id: ProjectRef,
        *,
        name: str | None = None,
        description: str | None = None,
        keywords: Sequence[str] | None = None,
        tags: Sequence[str] | None = None,
        categories: Sequence[str] | None = None,
        people: Sequence[str] | None = None,
        domains: Sequence[str] | None = None,
        codes: Sequence[str] | None = None,
        notes: str | None = None,
    ) -> Project:
        """Changes the fields that are given.

        What is already assigned stays where it is; what comes in from now on is judged
        by the new fields.

        >>> shoot = me.projects.create("Lisbon shoot", tags=["film"])
        >>> shoot = me.projects.update(shoot, codes=["LX-204"])
        >>> shoot.name, shoot.tags, shoot.codes
        ('Lisbon shoot', ('film',), ('LX-204',))
        """
        fields = {
            "name": name,
            "description": description,
            "keywords": keywords,
            "tags": tags,
            "categories": categories,
            "people": people,
            "domains": domains,
            "codes": codes,
            "notes": notes,
        }
        return self._native.update(project_id, fields).wait()

    def delete(self, project_id: ProjectRef) -> None:
        """Deletes a project; its documents stay and become unassigned.

        >>> me.projects.delete(me.projects.create("Lisbon shoot"))
        """
        self._native.delete(project_id).wait()
