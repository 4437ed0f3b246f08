-- What waits and runs is in a narrow table of its own; `jobs` says what was asked for and how
-- it ended. So claiming touches no wide row, and the end of a job changes no column that an
-- index has: Postgres then writes a row only, beside the old one, and no index entry.

CREATE TABLE besunny.job_queue (
    id                uuid PRIMARY KEY,
    sequence          bigint NOT NULL,
    tenant_id         uuid NOT NULL,
    kind              text COLLATE "C" NOT NULL,
    -- `scheduled`, `ready`, `running` or `failed`.
    state             text NOT NULL,
    -- A ready job that its concurrency limit holds back, until a job of its key ends.
    parked            boolean NOT NULL DEFAULT false,
    priority          bigint NOT NULL,
    run_at            bigint NOT NULL,
    attempt           bigint NOT NULL DEFAULT 0,
    max_attempts      bigint NOT NULL,
    unique_key        text COLLATE "C",
    concurrency_key   text COLLATE "C",
    concurrency_limit bigint NOT NULL,
    cancel_requested  boolean NOT NULL DEFAULT false,
    progress          text,
    started_at        bigint,
    lease_id          uuid,
    lease_until       bigint
);

INSERT INTO besunny.job_queue
SELECT id, sequence, tenant_id, kind, state, parked, priority, run_at, attempt, max_attempts, unique_key,
    concurrency_key, concurrency_limit, cancel_requested, progress, started_at, lease_id, lease_until
FROM besunny.jobs WHERE state IN ('scheduled', 'ready', 'running', 'failed');

-- What a worker looks for is at the front of an index, however many jobs wait.
CREATE INDEX job_queue_ready ON besunny.job_queue (kind, priority DESC, run_at, sequence)
    WHERE state = 'ready' AND NOT parked;
CREATE INDEX job_queue_waiting ON besunny.job_queue (kind, run_at) WHERE state IN ('scheduled', 'failed');
CREATE INDEX job_queue_leased ON besunny.job_queue (lease_until) WHERE lease_until IS NOT NULL;
CREATE UNIQUE INDEX job_queue_unique ON besunny.job_queue (tenant_id, kind, unique_key)
    WHERE unique_key IS NOT NULL;
CREATE INDEX job_queue_running ON besunny.job_queue (tenant_id, kind, concurrency_key)
    WHERE state = 'running' AND concurrency_key IS NOT NULL;
CREATE INDEX job_queue_parked ON besunny.job_queue
    (tenant_id, kind, concurrency_key, priority DESC, run_at, sequence) WHERE state = 'ready' AND parked;

DROP INDEX besunny.jobs_ready, besunny.jobs_waiting, besunny.jobs_leased, besunny.jobs_finished,
    besunny.jobs_running_by_key, besunny.jobs_parked_by_key, besunny.jobs_unfinished_by_key;
ALTER TABLE besunny.jobs
    DROP COLUMN parked, DROP COLUMN lease_id, DROP COLUMN lease_until,
    ALTER COLUMN state DROP NOT NULL, ALTER COLUMN attempt SET DEFAULT 0,
    -- Room on its page for the row as it ends.
    SET (fillfactor = 50);
-- How a job ended; where it stands until then is in the queue.
UPDATE besunny.jobs SET state = NULL WHERE state IN ('scheduled', 'ready', 'running', 'failed');

DO $$
BEGIN
    ALTER TABLE besunny.job_queue ENABLE ROW LEVEL SECURITY;
    GRANT SELECT, INSERT, UPDATE, DELETE ON besunny.job_queue TO authenticated, service_role;
    CREATE POLICY service ON besunny.job_queue TO service_role USING (true) WITH CHECK (true);
    CREATE POLICY own ON besunny.job_queue TO authenticated
        USING (tenant_id = (SELECT auth.uid())) WITH CHECK (tenant_id = (SELECT auth.uid()));
    -- The order of a job is drawn before either of its rows is there.
    GRANT USAGE ON SEQUENCE besunny.jobs_sequence_seq TO authenticated, service_role;
END $$;
