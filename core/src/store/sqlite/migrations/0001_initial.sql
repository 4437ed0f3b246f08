-- Ids are 16-byte UUIDs, times are microseconds since the epoch in UTC, lists and
-- structures are JSON. Every table but users carries the tenant that owns the row.

CREATE TABLE users (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL UNIQUE,
    username    TEXT NOT NULL UNIQUE,
    email       TEXT,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX users_by_folded_name ON users (username COLLATE NOCASE);

CREATE TABLE projects (
    sequence    INTEGER PRIMARY KEY AUTOINCREMENT,
    id          BLOB NOT NULL UNIQUE,
    tenant_id   BLOB NOT NULL REFERENCES users (id),
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    keywords    TEXT NOT NULL,
    tags        TEXT NOT NULL,
    categories  TEXT NOT NULL,
    people      TEXT NOT NULL,
    domains     TEXT NOT NULL,
    codes       TEXT NOT NULL,
    notes       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX projects_by_tenant ON projects (tenant_id, sequence);

CREATE TABLE documents (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB NOT NULL UNIQUE,
    tenant_id    BLOB NOT NULL REFERENCES users (id),
    source       TEXT NOT NULL,
    source_id    TEXT NOT NULL,
    type         TEXT NOT NULL,
    title        TEXT NOT NULL,
    author       TEXT,
    text         TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    revision     INTEGER NOT NULL,
    parent_id    BLOB REFERENCES documents (id),
    thread_id    TEXT,
    occurred_at  INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    mail         TEXT,
    project_id   BLOB REFERENCES projects (id),
    decided_by   TEXT NOT NULL,
    assignment   TEXT NOT NULL,
    UNIQUE (tenant_id, source, source_id)
) STRICT;
CREATE INDEX documents_by_project ON documents (tenant_id, project_id, sequence);
CREATE INDEX documents_by_parent ON documents (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX documents_by_thread ON documents (tenant_id, thread_id) WHERE thread_id IS NOT NULL;

CREATE TABLE document_chunks (
    document_id  BLOB NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    chunk_index  INTEGER NOT NULL,
    id           BLOB NOT NULL,
    tenant_id    BLOB NOT NULL,
    text         TEXT NOT NULL,
    content_hash BLOB NOT NULL,
    PRIMARY KEY (document_id, chunk_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX chunks_by_content ON document_chunks (tenant_id, content_hash);

CREATE TABLE embeddings (
    tenant_id    BLOB NOT NULL REFERENCES users (id),
    content_hash BLOB NOT NULL,
    model        TEXT NOT NULL,
    vector       BLOB NOT NULL,
    PRIMARY KEY (tenant_id, content_hash, model)
) STRICT, WITHOUT ROWID;

-- Which conversation a Message-ID belongs to, whether or not that mail is here.
CREATE TABLE thread_messages (
    tenant_id   BLOB NOT NULL REFERENCES users (id),
    message_id  TEXT NOT NULL,
    thread_id   TEXT NOT NULL,
    PRIMARY KEY (tenant_id, message_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_messages_by_thread ON thread_messages (tenant_id, thread_id);

-- The latest conversation under a subject, for replies without references.
CREATE TABLE thread_subjects (
    tenant_id   BLOB NOT NULL REFERENCES users (id),
    subject     TEXT NOT NULL,
    thread_id   TEXT NOT NULL,
    PRIMARY KEY (tenant_id, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE corrections (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id    BLOB NOT NULL REFERENCES users (id),
    document_id  BLOB NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    from_project BLOB REFERENCES projects (id) ON DELETE SET NULL,
    to_project   BLOB REFERENCES projects (id) ON DELETE CASCADE,
    corrected_at INTEGER NOT NULL
) STRICT;
CREATE INDEX corrections_by_tenant ON corrections (tenant_id, sequence);
CREATE INDEX corrections_by_document ON corrections (document_id);

CREATE TABLE changes (
    position    INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id   BLOB NOT NULL,
    kind        TEXT NOT NULL,
    document_id BLOB,
    project_id  BLOB,
    changed_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_by_tenant ON changes (tenant_id, position);
CREATE INDEX changes_by_kind ON changes (tenant_id, kind, position);

CREATE TABLE intake_log (
    sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id     BLOB NOT NULL,
    received_at   INTEGER NOT NULL,
    source        TEXT NOT NULL,
    source_id     TEXT,
    address       TEXT,
    status        TEXT NOT NULL,
    error_code    TEXT,
    error_message TEXT,
    document_id   BLOB
) STRICT;
CREATE INDEX intake_log_by_tenant ON intake_log (tenant_id, sequence);
