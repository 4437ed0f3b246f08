-- Jobs from programs without the library: in the caller's transaction, for the calling user.

-- Wakes workers of every process; the database sends it with the commit, and once.
CREATE FUNCTION besunny.wake_workers() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('besunny_jobs', '');
    RETURN NULL;
END $$;
CREATE TRIGGER wake_workers AFTER INSERT ON besunny.job_queue
    FOR EACH STATEMENT EXECUTE FUNCTION besunny.wake_workers();

-- An identifier as the library makes them (UUID version 7): later ones are greater.
CREATE FUNCTION besunny.new_id(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE SET search_path = '' AS $$
    SELECT pg_catalog.encode(pg_catalog.set_bit(pg_catalog.set_bit(
        pg_catalog.overlay(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()),
            pg_catalog.substring(pg_catalog.int8send((extract(epoch FROM at) * 1000)::bigint), 3), 1, 6),
        52, 1), 53, 1), 'hex')::uuid
$$;

-- Enqueues a job and gives its id, or that of the unfinished job that has the unique key.
-- Options are those of the library: priority, run_at (RFC 3339), unique_key, max_attempts,
-- timeout (in seconds), concurrency_key, concurrency_limit; and tenant, for who is not a
-- user: whose job it is, the workspace's if not said.
CREATE FUNCTION besunny.enqueue_job(kind text, payload jsonb, options jsonb DEFAULT '{}') RETURNS uuid
LANGUAGE plpgsql VOLATILE SET search_path = '' AS $$
#variable_conflict use_variable
DECLARE
    -- As in the library: see `domain/job.rs`.
    most_bytes CONSTANT bigint := 16777216;
    most_levels CONSTANT int := 100;
    now CONSTANT timestamptz := pg_catalog.clock_timestamp();
    at CONSTANT bigint := (extract(epoch FROM now) * 1000000)::bigint;
    caller CONSTANT uuid := auth.uid();
    id CONSTANT uuid := besunny.new_id(now);
    unknown CONSTANT text := (SELECT pg_catalog.string_agg(given, ', ') FROM pg_catalog.jsonb_object_keys(
        CASE WHEN pg_catalog.jsonb_typeof(options) = 'object' THEN options ELSE '{"not an object": 0}' END) AS given
        WHERE given NOT IN ('priority', 'run_at', 'unique_key', 'max_attempts', 'timeout', 'concurrency_key',
            'concurrency_limit', 'tenant'));
    tenant uuid;
    run_at bigint;
    timeout numeric;
    unique_key CONSTANT text := options ->> 'unique_key';
    concurrency_key CONSTANT text := options ->> 'concurrency_key';
    priority CONSTANT numeric := coalesce((options ->> 'priority')::numeric, 0);
    max_attempts CONSTANT numeric := coalesce((options ->> 'max_attempts')::numeric, 10);
    concurrency_limit CONSTANT numeric := coalesce((options ->> 'concurrency_limit')::numeric, 1);
    drawn bigint;
    queued uuid;
BEGIN
    IF unknown IS NOT NULL THEN
        RAISE EXCEPTION 'unknown options: %', unknown USING ERRCODE = 'invalid_parameter_value';
    END IF;
    tenant := coalesce((options ->> 'tenant')::uuid, caller, '00000000-0000-0000-0000-000000000000');
    IF tenant <> caller OR caller IS NULL AND pg_catalog.current_setting('role', true) IN ('anon', 'authenticated') THEN
        RAISE EXCEPTION 'a user enqueues their own jobs only' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF kind IS NULL OR pg_catalog.octet_length(kind) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'a kind of job is a name of 1 to 200 bytes' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF pg_catalog.octet_length(unique_key) NOT BETWEEN 1 AND 200
        OR pg_catalog.octet_length(concurrency_key) NOT BETWEEN 1 AND 200 THEN
        RAISE EXCEPTION 'a key has 1 to 200 bytes' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF max_attempts NOT BETWEEN 1 AND 2147483647 OR concurrency_limit NOT BETWEEN 1 AND 2147483647
        OR priority NOT BETWEEN -2147483648 AND 2147483647
        OR max_attempts % 1 <> 0 OR concurrency_limit % 1 <> 0 OR priority % 1 <> 0 THEN
        RAISE EXCEPTION 'priority, max_attempts and concurrency_limit are whole numbers of 32 bits, the latter two positive'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    timeout := (options ->> 'timeout')::numeric * 1000000;
    IF timeout NOT BETWEEN 1 AND 9223372036854775807 THEN
        RAISE EXCEPTION 'a timeout is longer than nothing' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    payload := coalesce(payload, 'null');
    IF pg_catalog.octet_length(payload::text) > most_bytes THEN
        RAISE EXCEPTION 'the payload is too long; store it as a document and enqueue its id'
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    IF pg_catalog.jsonb_path_exists(payload, 'strict $.**{100 to last} ? (@.type() == "array" || @.type() == "object")') THEN
        RAISE EXCEPTION 'the payload is nested too deeply, beyond % levels', most_levels
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    -- Beyond what a number of 64 bits holds no other language could read it.
    IF pg_catalog.jsonb_path_exists(payload, 'strict $.** ? (@.type() == "number" && (@ > 1.7e308 || @ < -1.7e308))') THEN
        RAISE EXCEPTION 'the payload has a number that is too large' USING ERRCODE = 'numeric_value_out_of_range';
    END IF;
    run_at := coalesce((extract(epoch FROM (options ->> 'run_at')::timestamptz) * 1000000)::bigint, at);
    LOOP
        drawn := pg_catalog.nextval('besunny.jobs_sequence_seq');
        INSERT INTO besunny.job_queue AS queue (id, sequence, tenant_id, kind, state, priority, run_at, max_attempts,
            unique_key, concurrency_key, concurrency_limit)
        VALUES (id, drawn, tenant, kind, CASE WHEN run_at > at THEN 'scheduled' ELSE 'ready' END, priority, run_at,
            max_attempts, unique_key, concurrency_key, concurrency_limit)
        ON CONFLICT DO NOTHING RETURNING queue.id INTO queued;
        EXIT WHEN FOUND;
        SELECT queue.id INTO queued FROM besunny.job_queue AS queue
        WHERE queue.tenant_id = tenant AND queue.kind = kind AND queue.unique_key = unique_key;
        IF FOUND THEN
            RETURN queued;
        END IF;
        -- The job that had the key was finished just now.
    END LOOP;
    INSERT INTO besunny.jobs (sequence, id, tenant_id, kind, payload, priority, run_at, max_attempts, timeout,
        unique_key, concurrency_key, concurrency_limit, created_at)
    OVERRIDING SYSTEM VALUE
    VALUES (drawn, id, tenant, kind, payload::text, priority, run_at, max_attempts, timeout, unique_key,
        concurrency_key, concurrency_limit, at);
    RETURN id;
END $$;

-- The same where PostgREST finds it: `POST /rpc/besunny_enqueue_job`.
CREATE FUNCTION public.besunny_enqueue_job(kind text, payload jsonb, options jsonb DEFAULT '{}') RETURNS uuid
LANGUAGE sql VOLATILE SET search_path = '' AS $$ SELECT besunny.enqueue_job(kind, payload, options) $$;

REVOKE ALL ON FUNCTION public.besunny_enqueue_job FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.besunny_enqueue_job TO authenticated, service_role;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA besunny FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA besunny TO authenticated, service_role;
