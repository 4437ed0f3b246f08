-- What workers do with the queue, each in one statement.

-- In the order in which all take them: the turns of tenants, the turns of concurrency keys,
-- rows. Who has rows already only tries.
CREATE FUNCTION besunny.concurrency_turn(tenant uuid, kind text, key text) RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
    SELECT pg_catalog.hashtextextended(
        'besunny concurrency ' || tenant::text || ' ' || pg_catalog.length(kind)::text || ' ' || kind || key, 0)
$$;

-- The plans of the functions below are fixed: a queue is empty at one moment and full at the
-- next, and statistics always come too late. Compiling them would take longer than they do.

-- What there is to do for a worker of these kinds.
CREATE FUNCTION besunny.job_outlook(kinds text[], OUT is_ready boolean, OUT waiting bigint, OUT scheduled bigint)
LANGUAGE sql STABLE SET search_path = '' SET jit = off SET enable_seqscan = off SET enable_bitmapscan = off AS $$
    SELECT
        EXISTS (SELECT FROM unnest(kinds) AS wanted (kind), LATERAL (
            SELECT FROM besunny.job_queue AS queue
            WHERE queue.kind = wanted.kind AND queue.state = 'ready' AND NOT queue.parked LIMIT 1) AS due),
        (SELECT min(first.run_at) FROM unnest(kinds) AS wanted (kind), LATERAL (
            SELECT queue.run_at FROM besunny.job_queue AS queue
            WHERE queue.kind = wanted.kind AND queue.state IN ('scheduled', 'failed')
            ORDER BY queue.run_at LIMIT 1) AS first),
        (SELECT min(next_at) FROM besunny.job_schedules WHERE next_at IS NOT NULL)
$$;

-- Takes due jobs for an attempt each: at most `amount`, by priority, time and order.
CREATE FUNCTION besunny.claim_jobs(kinds text[], amount bigint, lease uuid, until bigint, at bigint)
RETURNS TABLE (sequence bigint, id uuid, tenant_id uuid, kind text, payload text, state text, priority bigint,
    run_at bigint, attempt bigint, max_attempts bigint, timeout bigint, unique_key text, concurrency_key text,
    concurrency_limit bigint, batch_id uuid, cancel_requested boolean, progress text, error_code text,
    error_message text, created_at bigint, started_at bigint, finished_at bigint)
LANGUAGE plpgsql VOLATILE SET search_path = '' SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    -- How many jobs of a kind one claim makes due at most.
    promoted CONSTANT bigint := 1000;
    -- How often it looks again for others, where concurrency limits held jobs back.
    rounds CONSTANT int := 8;
    free bigint := amount;
    -- Where rows are stays true while they are locked, and saves looking them up by name.
    found tid[];
    started tid[];
    has_limits boolean;
    was_held_back boolean;
    was_contended boolean;
    candidate record;
    place tid;
BEGIN
    UPDATE besunny.job_queue AS queue SET state = 'ready'
    WHERE queue.id = ANY (ARRAY(
        SELECT due.id FROM unnest(kinds) AS wanted (kind), LATERAL (
            SELECT queue.id FROM besunny.job_queue AS queue
            WHERE queue.kind = wanted.kind AND queue.state IN ('scheduled', 'failed') AND queue.run_at <= at
            ORDER BY queue.run_at LIMIT promoted FOR UPDATE SKIP LOCKED) AS due));
    FOR round IN 1..rounds LOOP
        EXIT WHEN free <= 0;
        SELECT pg_catalog.array_agg(best.ctid), pg_catalog.bool_or(best.concurrency_key IS NOT NULL)
        INTO found, has_limits
        FROM (
            SELECT due.ctid, due.concurrency_key FROM unnest(kinds) AS wanted (kind), LATERAL (
                SELECT queue.ctid, queue.concurrency_key, queue.priority, queue.run_at, queue.sequence
                FROM besunny.job_queue AS queue
                WHERE queue.kind = wanted.kind AND queue.state = 'ready' AND NOT queue.parked
                ORDER BY queue.priority DESC, queue.run_at, queue.sequence
                LIMIT free FOR UPDATE SKIP LOCKED) AS due
            ORDER BY due.priority DESC, due.run_at, due.sequence LIMIT free) AS best;
        EXIT WHEN found IS NULL;
        was_held_back := false;
        was_contended := false;
        IF has_limits THEN
            started := ARRAY(SELECT queue.ctid FROM besunny.job_queue AS queue
                WHERE queue.ctid = ANY (found) AND queue.concurrency_key IS NULL);
            FOR candidate IN
                SELECT queue.id, queue.tenant_id, queue.kind, queue.concurrency_key, queue.concurrency_limit
                FROM besunny.job_queue AS queue
                WHERE queue.ctid = ANY (found) AND queue.concurrency_key IS NOT NULL
                ORDER BY queue.priority DESC, queue.run_at, queue.sequence
            LOOP
                IF NOT pg_catalog.pg_try_advisory_xact_lock(besunny.concurrency_turn(
                    candidate.tenant_id, candidate.kind, candidate.concurrency_key)) THEN
                    was_contended := true;
                ELSIF candidate.concurrency_limit > (
                    SELECT count(*) FROM besunny.job_queue AS queue
                    WHERE queue.state = 'running' AND queue.tenant_id = candidate.tenant_id
                      AND queue.kind = candidate.kind AND queue.concurrency_key = candidate.concurrency_key) THEN
                    -- Counted with the next.
                    UPDATE besunny.job_queue AS queue SET state = 'running' WHERE queue.id = candidate.id
                    RETURNING queue.ctid INTO place;
                    started := started || place;
                ELSE
                    UPDATE besunny.job_queue AS queue SET parked = true WHERE queue.id = candidate.id;
                    was_held_back := true;
                END IF;
            END LOOP;
        ELSE
            started := found;
        END IF;
        RETURN QUERY
        WITH begun AS (
            UPDATE besunny.job_queue AS queue SET state = 'running', attempt = queue.attempt + 1,
                lease_id = lease, lease_until = until, started_at = at, progress = NULL
            WHERE queue.ctid = ANY (started) RETURNING queue.*)
        SELECT jobs.sequence, jobs.id, jobs.tenant_id, jobs.kind, jobs.payload, begun.state, jobs.priority,
            begun.run_at, begun.attempt, jobs.max_attempts, jobs.timeout, jobs.unique_key, jobs.concurrency_key,
            jobs.concurrency_limit, jobs.batch_id, begun.cancel_requested, begun.progress, jobs.error_code,
            jobs.error_message, jobs.created_at, begun.started_at, jobs.finished_at
        FROM begun JOIN besunny.jobs AS jobs ON jobs.sequence = begun.sequence;
        free := free - pg_catalog.cardinality(started);
        EXIT WHEN was_contended OR NOT was_held_back;
    END LOOP;
END $$;

-- Ends attempts whose lease still holds; the lists have an element for each. A time is when
-- a failed job is tried again; a ready job without a code was handed back, and its attempt
-- does not count. With `overdue`, only leases that ran out before it: their workers are gone.
-- Gives what something follows from: jobs of batches, with concurrency keys, and the dead.
CREATE FUNCTION besunny.finish_jobs(jobs uuid[], leases uuid[], states text[], times bigint[], codes text[],
    messages text[], at bigint, overdue bigint)
RETURNS TABLE (id uuid, tenant_id uuid, kind text, state text, batch_id uuid, concurrency_key text)
LANGUAGE plpgsql VOLATILE SET search_path = '' SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
    IF 'dead' = ANY (states) THEN
        PERFORM besunny.lock_tenant(owner.tenant_id) FROM (
            SELECT DISTINCT queue.tenant_id
            FROM unnest(jobs, states) AS ended (job, state)
            JOIN besunny.job_queue AS queue ON queue.id = ended.job
            WHERE ended.state = 'dead' ORDER BY queue.tenant_id) AS owner;
    END IF;
    IF EXISTS (SELECT FROM besunny.job_queue AS queue
        WHERE queue.state = 'running' AND queue.concurrency_key IS NOT NULL) THEN
        PERFORM pg_catalog.pg_advisory_xact_lock(turn.number) FROM (
            SELECT DISTINCT besunny.concurrency_turn(queue.tenant_id, queue.kind, queue.concurrency_key) AS number
            FROM besunny.job_queue AS queue
            WHERE queue.id = ANY (jobs) AND queue.concurrency_key IS NOT NULL ORDER BY number) AS turn;
    END IF;
    -- First what is to be tried again. What somebody called off is left to the second step,
    -- also if that was just now.
    IF states && ARRAY['ready', 'failed'] THEN
        RETURN QUERY
        WITH back AS (
            UPDATE besunny.job_queue AS queue SET state = ended.state, run_at = coalesce(ended.time, queue.run_at),
                attempt = queue.attempt - (ended.state = 'ready' AND ended.code IS NULL)::int,
                lease_id = NULL, lease_until = NULL
            FROM unnest(jobs, leases, states, times, codes, messages)
                AS ended (job, lease, state, time, code, message)
            WHERE queue.id = ended.job AND queue.lease_id = ended.lease AND ended.state IN ('ready', 'failed')
              AND NOT queue.cancel_requested AND (overdue IS NULL OR queue.lease_until < overdue)
            RETURNING queue.id, queue.sequence, queue.tenant_id, queue.kind, queue.state, queue.concurrency_key,
                ended.code, ended.message),
        said AS (
            UPDATE besunny.jobs AS kept SET error_code = back.code, error_message = back.message
            FROM back WHERE kept.sequence = back.sequence AND back.code IS NOT NULL)
        SELECT back.id, back.tenant_id, back.kind, back.state, NULL::uuid, back.concurrency_key
        FROM back WHERE back.concurrency_key IS NOT NULL OR overdue IS NOT NULL;
    END IF;
    RETURN QUERY
    WITH gone AS (
        DELETE FROM besunny.job_queue AS queue
        USING unnest(jobs, leases, states, codes, messages) AS ended (job, lease, state, code, message)
        WHERE queue.id = ended.job AND queue.lease_id = ended.lease
          AND (overdue IS NULL OR queue.lease_until < overdue)
        RETURNING queue.*, ended.code, ended.message,
            ended.state = 'ready' AND ended.code IS NULL AS handed_back,
            CASE WHEN ended.state IN ('ready', 'failed') THEN 'cancelled' ELSE ended.state END AS final),
    kept AS (
        UPDATE besunny.jobs AS kept SET state = gone.final, finished_at = at, run_at = gone.run_at,
            attempt = gone.attempt - gone.handed_back::int, started_at = gone.started_at,
            progress = gone.progress, cancel_requested = gone.cancel_requested,
            error_code = CASE WHEN gone.handed_back THEN kept.error_code ELSE gone.code END,
            error_message = CASE WHEN gone.handed_back THEN kept.error_message ELSE gone.message END
        FROM gone WHERE kept.sequence = gone.sequence
        RETURNING kept.id, kept.tenant_id, kept.kind, kept.state, kept.batch_id, kept.concurrency_key)
    SELECT kept.id, kept.tenant_id, kept.kind, kept.state, kept.batch_id, kept.concurrency_key FROM kept
    WHERE kept.batch_id IS NOT NULL OR kept.concurrency_key IS NOT NULL OR kept.state = 'dead'
       OR overdue IS NOT NULL;
END $$;

-- Removes jobs that were finished before an instant, of one tenant or, without one, of all;
-- at most `amount`. No index has the ends of jobs, for each would pay for it: this goes
-- through jobs in the order they came, as far as any can be so old.
CREATE FUNCTION besunny.prune_jobs(before bigint, amount bigint, tenant uuid) RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path = '' SET jit = off
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
AS $$
DECLARE
    old bigint[] := '{}';
    jobs refcursor;
    job record;
    pruned bigint;
BEGIN
    IF tenant IS NULL THEN
        OPEN jobs FOR SELECT kept.sequence, kept.created_at, kept.finished_at FROM besunny.jobs AS kept
            ORDER BY kept.sequence;
    ELSE
        OPEN jobs FOR SELECT kept.sequence, kept.created_at, kept.finished_at FROM besunny.jobs AS kept
            WHERE kept.tenant_id = tenant ORDER BY kept.sequence;
    END IF;
    LOOP
        FETCH jobs INTO job;
        EXIT WHEN NOT FOUND OR job.created_at >= before OR pg_catalog.cardinality(old) >= amount;
        IF job.finished_at < before THEN
            old := old || job.sequence;
        END IF;
    END LOOP;
    CLOSE jobs;
    -- Not one that was requeued meanwhile.
    DELETE FROM besunny.jobs AS kept WHERE kept.sequence = ANY (old) AND kept.finished_at < before;
    GET DIAGNOSTICS pruned = ROW_COUNT;
    RETURN pruned;
END $$;
