-- Jobs, their batches and their schedules. Times are microseconds since the epoch in UTC.

-- What a change is about where that is neither a document nor a project.
ALTER TABLE besunny.changes ADD COLUMN subject_id uuid;

CREATE TABLE besunny.jobs (
    sequence          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id                uuid NOT NULL UNIQUE,
    tenant_id         uuid NOT NULL,
    kind              text COLLATE "C" NOT NULL,
    payload           text NOT NULL,
    state             text NOT NULL,
    priority          bigint NOT NULL,
    run_at            bigint NOT NULL,
    attempt           bigint NOT NULL,
    max_attempts      bigint NOT NULL,
    timeout           bigint,
    unique_key        text COLLATE "C",
    concurrency_key   text COLLATE "C",
    concurrency_limit bigint NOT NULL,
    -- A ready job that its concurrency limit holds back, until a job of its key ends.
    parked            boolean NOT NULL DEFAULT false,
    batch_id          uuid,
    lease_id          uuid,
    lease_until       bigint,
    cancel_requested  boolean NOT NULL DEFAULT false,
    progress          text,
    error_code        text,
    error_message     text,
    created_at        bigint NOT NULL,
    started_at        bigint,
    finished_at       bigint
);
-- Each holds the rows of one state only: what a worker looks for is at its front, however
-- many jobs wait or are done.
CREATE INDEX jobs_ready ON besunny.jobs (kind, priority DESC, run_at, sequence) WHERE state = 'ready' AND NOT parked;
CREATE INDEX jobs_waiting ON besunny.jobs (kind, run_at) WHERE state IN ('scheduled', 'failed');
CREATE INDEX jobs_leased ON besunny.jobs (lease_until) WHERE state = 'running';
CREATE INDEX jobs_finished ON besunny.jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_running_by_key ON besunny.jobs (tenant_id, kind, concurrency_key)
    WHERE state = 'running' AND concurrency_key IS NOT NULL;
CREATE INDEX jobs_parked_by_key ON besunny.jobs (tenant_id, kind, concurrency_key, priority DESC, run_at, sequence)
    WHERE state = 'ready' AND parked;
CREATE UNIQUE INDEX jobs_unfinished_by_key ON besunny.jobs (tenant_id, kind, unique_key)
    WHERE unique_key IS NOT NULL AND state IN ('scheduled', 'ready', 'running', 'failed');
CREATE INDEX jobs_by_tenant ON besunny.jobs (tenant_id, sequence);
CREATE INDEX jobs_by_batch ON besunny.jobs (batch_id) WHERE batch_id IS NOT NULL;

CREATE TABLE besunny.job_batches (
    id           uuid PRIMARY KEY,
    tenant_id    uuid NOT NULL,
    total        bigint NOT NULL,
    pending      bigint NOT NULL,
    dead         bigint NOT NULL,
    cancelled    bigint NOT NULL,
    on_complete  text,
    created_at   bigint NOT NULL,
    completed_at bigint
);
CREATE INDEX job_batches_completed ON besunny.job_batches (completed_at) WHERE completed_at IS NOT NULL;

CREATE TABLE besunny.job_schedules (
    tenant_id  uuid NOT NULL,
    name       text COLLATE "C" NOT NULL,
    cron       text NOT NULL,
    zone       text NOT NULL,
    job        text NOT NULL,
    next_at    bigint,
    last_at    bigint,
    created_at bigint NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
CREATE INDEX job_schedules_due ON besunny.job_schedules (next_at) WHERE next_at IS NOT NULL;

DO $$
DECLARE guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['jobs', 'job_batches', 'job_schedules'] LOOP
        EXECUTE format('ALTER TABLE besunny.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON besunny.%I TO authenticated, service_role', guarded);
        EXECUTE format('CREATE POLICY service ON besunny.%I TO service_role USING (true) WITH CHECK (true)', guarded);
        EXECUTE format(
            'CREATE POLICY own ON besunny.%I TO authenticated
             USING (tenant_id = (SELECT auth.uid())) WITH CHECK (tenant_id = (SELECT auth.uid()))', guarded);
    END LOOP;
END $$;
