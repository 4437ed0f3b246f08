-- Accounts at Google, what is kept level with them, and meetings. The workspace itself, which
-- is no user, has accounts too.

CREATE TABLE google_accounts (
    sequence          INTEGER PRIMARY KEY AUTOINCREMENT,
    id                BLOB NOT NULL UNIQUE,
    tenant_id         BLOB NOT NULL,
    kind              TEXT NOT NULL,
    subject           TEXT NOT NULL,
    email             TEXT NOT NULL,
    name              TEXT,
    picture           TEXT,
    scopes            TEXT NOT NULL,
    status            TEXT NOT NULL,
    status_reason     TEXT,
    login             INTEGER NOT NULL,
    linked_at         INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    -- Encrypted.
    access_token      BLOB,
    access_expires_at INTEGER,
    refresh_token     BLOB,
    token_version     INTEGER NOT NULL DEFAULT 0,
    -- Who asks for a new access token now, and until when nobody else does.
    refresh_holder    BLOB,
    refresh_until     INTEGER,
    UNIQUE (tenant_id, subject),
    UNIQUE (tenant_id, id)
) STRICT;
CREATE INDEX google_accounts_by_email ON google_accounts (email COLLATE NOCASE);
CREATE INDEX google_accounts_by_subject ON google_accounts (subject);

CREATE TABLE google_consents (
    state_hash BLOB PRIMARY KEY,
    tenant_id  BLOB NOT NULL,
    sealed     BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX google_consents_by_end ON google_consents (expires_at);

-- Small values of the workspace itself, encrypted.
CREATE TABLE secrets (
    name   TEXT PRIMARY KEY,
    sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sync_streams (
    sequence   INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id  BLOB NOT NULL,
    account_id BLOB NOT NULL,
    name       TEXT NOT NULL,
    cursor     TEXT,
    snapshot   TEXT,
    next_at    INTEGER,
    hints      INTEGER NOT NULL,
    state      TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (tenant_id, account_id, name),
    -- Both, so that a stream cannot hang from another tenant's account.
    FOREIGN KEY (tenant_id, account_id) REFERENCES google_accounts (tenant_id, id) ON DELETE CASCADE
) STRICT;
CREATE INDEX sync_streams_due ON sync_streams (next_at) WHERE next_at IS NOT NULL;

-- What hangs from a stream names it by its number: there can be millions of rows.
CREATE TABLE sync_objects (
    stream    INTEGER NOT NULL REFERENCES sync_streams (sequence) ON DELETE CASCADE,
    id        TEXT NOT NULL,
    tenant_id BLOB NOT NULL,
    parent    TEXT,
    version   TEXT,
    data      TEXT NOT NULL,
    document  BLOB REFERENCES documents (id) ON DELETE SET NULL,
    seen      INTEGER NOT NULL,
    UNIQUE (stream, id)
) STRICT;
CREATE INDEX sync_objects_by_parent ON sync_objects (stream, parent) WHERE parent IS NOT NULL;
CREATE INDEX sync_objects_by_snapshot ON sync_objects (stream, seen);
CREATE INDEX sync_objects_by_document ON sync_objects (document) WHERE document IS NOT NULL;

-- A generation is used once, also when what it was of is long done.
CREATE TABLE sync_work (
    generation    INTEGER PRIMARY KEY AUTOINCREMENT,
    stream        INTEGER NOT NULL REFERENCES sync_streams (sequence) ON DELETE CASCADE,
    id            TEXT NOT NULL,
    tenant_id     BLOB NOT NULL,
    note          TEXT,
    attempts      INTEGER NOT NULL,
    due_at        INTEGER NOT NULL,
    aside         INTEGER NOT NULL,
    error_code    TEXT,
    error_message TEXT,
    since         INTEGER NOT NULL,
    UNIQUE (stream, id)
) STRICT;
CREATE INDEX sync_work_due ON sync_work (stream, due_at, id);
CREATE INDEX sync_work_aside ON sync_work (stream, id) WHERE aside = 1;

CREATE TABLE sync_channels (
    id         TEXT PRIMARY KEY,
    tenant_id  BLOB NOT NULL,
    stream     INTEGER NOT NULL REFERENCES sync_streams (sequence) ON DELETE CASCADE,
    file       TEXT,
    resource   TEXT,
    token_hash BLOB NOT NULL,
    state      TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    heard_at   INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sync_channels_by_stream ON sync_channels (stream, created_at);

CREATE TABLE meetings (
    id               BLOB PRIMARY KEY,
    tenant_id        BLOB NOT NULL REFERENCES users (id),
    event_id         TEXT NOT NULL,
    ical_uid         TEXT,
    calendar         TEXT NOT NULL,
    series_id        TEXT,
    original_start   INTEGER,
    title            TEXT NOT NULL,
    description      TEXT,
    meeting_url      TEXT NOT NULL,
    start_time       INTEGER NOT NULL,
    end_time         INTEGER NOT NULL,
    event_status     TEXT NOT NULL,
    attendees        TEXT NOT NULL,
    virtual_attendee TEXT,
    project_id       BLOB REFERENCES projects (id),
    -- What the calendar says leaves these alone.
    attendee_bot_id  BLOB,
    bot_status       TEXT NOT NULL DEFAULT 'pending',
    transcript       TEXT,
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    UNIQUE (tenant_id, event_id)
) STRICT;
CREATE INDEX meetings_by_start ON meetings (tenant_id, start_time, event_id);
CREATE INDEX meetings_by_series ON meetings (tenant_id, series_id) WHERE series_id IS NOT NULL;
CREATE INDEX meetings_by_project ON meetings (project_id) WHERE project_id IS NOT NULL;
