"""A user's documents."""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from .. import _besunny
from .._types import Document, Ingested, Page
from .._vocabulary import Content, DocumentRef, DocumentType, Moment, ProjectRef


class Documents:
    """A user's documents: ``me.documents``."""

    __slots__ = ("_native",)

    def __init__(self, native: _besunny.Documents) -> None:
        self._native = native

    def ingest(
        self,
        content: Content,
        *,
        title: str | None = None,
        format: str | None = None,
        file_name: str | None = None,
        type: DocumentType | None = None,
        source: str | None = None,
        source_id: str | None = None,
        author: str | None = None,
        occurred_at: Moment | None = None,
    ) -> Ingested:
        """Stores a text, Markdown, HTML, CSV or JSON document, assigned and searchable.

        ``content`` is text, bytes, or the path of a file (as a ``pathlib.Path``; its
        name is then the ``file_name``). ``format`` is ``text``, ``markdown``, ``html``,
        ``csv``, ``json`` or a media type, and found out if not given. The same
        ``source`` and ``source_id`` with the same content is a no-op, with other
        content a new revision.

        >>> note = me.documents.ingest("# Permits\\n\\nAlfama: granted.", format="markdown")
        >>> note.status, note.title
        ('stored', 'Permits')
        >>> me.documents.ingest("# Permits\\n\\nAlfama: granted.", format="markdown").status
        'unchanged'
        """
        facts = {
            "title": title,
            "format": format,
            "file_name": file_name,
            "type": type,
            "source": source,
            "source_id": source_id,
            "author": author,
            "occurred_at": occurred_at,
        }
        return self._native.ingest(content, facts).wait()

    def get(self, document_id: DocumentRef) -> Document:
        """One document.

        >>> note = me.documents.ingest("Bring the long lens.", title="Gear")
        >>> me.documents.get(note.id).text
        'Bring the long lens.'
        """
        return self._native.get(document_id).wait()

    def list(
        self,
        *,
        project: ProjectRef | None = None,
        type: DocumentType | None = None,
        source: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        size: int = 100,
        after: str | None = None,
    ) -> Page[Document]:
        """A page of the documents that pass the filter, latest stored first.

        ``project`` is a project or ``"unassigned"``; ``since`` and ``until`` bound when
        a document was written, the end not included.

        >>> for number in range(3):
        ...     note = me.documents.ingest(f"Note {number}", title=f"Note {number}")
        >>> page = me.documents.list(project="unassigned", size=2)
        >>> [document.title for document in page]
        ['Note 2', 'Note 1']
        >>> [document.title for document in me.documents.list(size=2, after=page.next)]
        ['Note 0']
        """
        narrowed = {
            "project": project,
            "type": type,
            "source": source,
            "since": since,
            "until": until,
        }
        return self._native.list(narrowed, size, after).wait()

    def iterate(
        self,
        *,
        project: ProjectRef | None = None,
        type: DocumentType | None = None,
        source: str | None = None,
        since: Moment | None = None,
        until: Moment | None = None,
        size: int = 100,
    ) -> Iterator[Document]:
        """All documents that pass the filter, read ``size`` at a time.

        >>> note = me.documents.ingest("Bring the long lens.", title="Gear")
        >>> [document.title for document in me.documents.iterate(type="document")]
        ['Gear']
        """
        after: str | None = None
        while True:
            page = self.list(
                project=project,
                type=type,
                source=source,
                since=since,
                until=until,
                size=size,
                after=after,
            )
            for document in page:
                yield document
            after = page.next
            if after is None:
                return

    def attachments(self, document_id: DocumentRef) -> builtins.list[Document]:
        """What came with a document and became documents of their own.

        >>> me.documents.attachments(me.documents.ingest("Bring the long lens."))
        []
        """
        return self._native.attachments(document_id).wait()

    def delete(self, document_id: DocumentRef) -> None:
        """Deletes a document and what came with it. No search finds it any more.

        >>> note = me.documents.ingest("Bring the long lens.")
        >>> me.documents.delete(note)
        >>> me.search("lens")
        []
        """
        self._native.delete(document_id).wait()

    def assign(self, document_id: DocumentRef, project_id: ProjectRef | None) -> Document:
        """Puts a document into a project, or into none, because the user says so.

        What came with it follows, and the next decision has learned from it.

        >>> shoot = me.projects.create("Lisbon shoot")
        >>> note = me.documents.ingest("Bring the long lens.")
        >>> me.documents.assign(note, shoot).assignment.decided_by
        'user'
        """
        return self._native.assign(document_id, project_id).wait()
