-- What a change is about where that is neither a document nor a project.
ALTER TABLE changes ADD COLUMN subject_id BLOB;

CREATE TABLE jobs (
    sequence          INTEGER PRIMARY KEY AUTOINCREMENT,
    id                BLOB NOT NULL UNIQUE,
    tenant_id         BLOB NOT NULL,
    kind              TEXT NOT NULL,
    payload           TEXT NOT NULL,
    state             TEXT NOT NULL,
    priority          INTEGER NOT NULL,
    run_at            INTEGER NOT NULL,
    attempt           INTEGER NOT NULL,
    max_attempts      INTEGER NOT NULL,
    timeout           INTEGER,
    unique_key        TEXT,
    concurrency_key   TEXT,
    concurrency_limit INTEGER NOT NULL,
    -- A ready job that its concurrency limit holds back, until a job of its key ends.
    parked            INTEGER NOT NULL DEFAULT 0,
    batch_id          BLOB,
    lease_id          BLOB,
    lease_until       INTEGER,
    cancel_requested  INTEGER NOT NULL DEFAULT 0,
    progress          TEXT,
    error_code        TEXT,
    error_message     TEXT,
    created_at        INTEGER NOT NULL,
    started_at        INTEGER,
    finished_at       INTEGER
) STRICT;
-- Each holds the rows of one state only: what a worker looks for is at its front, however
-- many jobs wait or are done.
CREATE INDEX jobs_ready ON jobs (kind, priority DESC, run_at, sequence) WHERE state = 'ready' AND parked = 0;
CREATE INDEX jobs_waiting ON jobs (kind, run_at) WHERE state IN ('scheduled', 'failed');
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_finished ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_running_by_key ON jobs (tenant_id, kind, concurrency_key)
    WHERE state = 'running' AND concurrency_key IS NOT NULL;
CREATE INDEX jobs_parked_by_key ON jobs (tenant_id, kind, concurrency_key, priority DESC, run_at, sequence)
    WHERE state = 'ready' AND parked = 1;
CREATE UNIQUE INDEX jobs_unfinished_by_key ON jobs (tenant_id, kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('scheduled', 'ready', 'running', 'failed');
CREATE INDEX jobs_by_tenant ON jobs (tenant_id, sequence);
CREATE INDEX jobs_by_batch ON jobs (batch_id) WHERE batch_id IS NOT NULL;

CREATE TABLE job_batches (
    id           BLOB PRIMARY KEY,
    tenant_id    BLOB NOT NULL,
    total        INTEGER NOT NULL,
    pending      INTEGER NOT NULL,
    dead         INTEGER NOT NULL,
    cancelled    INTEGER NOT NULL,
    on_complete  TEXT,
    created_at   INTEGER NOT NULL,
    completed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX job_batches_completed ON job_batches (completed_at) WHERE completed_at IS NOT NULL;

CREATE TABLE job_schedules (
    tenant_id  BLOB NOT NULL,
    name       TEXT NOT NULL,
    cron       TEXT NOT NULL,
    zone       TEXT NOT NULL,
    job        TEXT NOT NULL,
    next_at    INTEGER,
    last_at    INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX job_schedules_due ON job_schedules (next_at) WHERE next_at IS NOT NULL;
