-- Accounts at Google and what is kept level with them: all of it the library's alone, so that
-- no browser reads a token. Times are microseconds since the epoch in UTC. The workspace
-- itself, which is no user, has accounts too.

CREATE TABLE besunny.google_accounts (
    sequence          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id                uuid NOT NULL UNIQUE,
    tenant_id         uuid NOT NULL,
    kind              text NOT NULL,
    subject           text COLLATE "C" NOT NULL,
    email             text NOT NULL,
    name              text,
    picture           text,
    scopes            text[] NOT NULL,
    status            text NOT NULL,
    status_reason     text,
    login             boolean NOT NULL,
    linked_at         bigint NOT NULL,
    updated_at        bigint NOT NULL,
    -- Encrypted.
    access_token      bytea,
    access_expires_at bigint,
    refresh_token     bytea,
    token_version     bigint NOT NULL DEFAULT 0,
    -- Who asks for a new access token now, and until when nobody else does.
    refresh_holder    uuid,
    refresh_until     bigint,
    UNIQUE (tenant_id, subject),
    UNIQUE (tenant_id, id)
);
CREATE INDEX google_accounts_by_email ON besunny.google_accounts (lower(email COLLATE "C"));
CREATE INDEX google_accounts_by_subject ON besunny.google_accounts (subject);

CREATE TABLE besunny.google_consents (
    state_hash bytea PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    sealed     bytea NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX google_consents_by_end ON besunny.google_consents (expires_at);

-- Small values of the workspace itself, encrypted.
CREATE TABLE besunny.secrets (
    name   text COLLATE "C" PRIMARY KEY,
    sealed bytea NOT NULL
);

CREATE TABLE besunny.sync_streams (
    sequence   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    account_id uuid NOT NULL,
    name       text COLLATE "C" NOT NULL,
    cursor     text,
    snapshot   text,
    next_at    bigint,
    hints      bigint NOT NULL,
    state      text NOT NULL,
    created_at bigint NOT NULL,
    UNIQUE (tenant_id, account_id, name),
    -- Both, so that a stream cannot hang from another tenant's account.
    FOREIGN KEY (tenant_id, account_id) REFERENCES besunny.google_accounts (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX sync_streams_due ON besunny.sync_streams (next_at) WHERE next_at IS NOT NULL;

-- What hangs from a stream names it by its number: there can be millions of rows.
CREATE TABLE besunny.sync_objects (
    stream    bigint NOT NULL REFERENCES besunny.sync_streams (sequence) ON DELETE CASCADE,
    id        text COLLATE "C" NOT NULL,
    tenant_id uuid NOT NULL,
    parent    text COLLATE "C",
    version   text,
    data      text NOT NULL,
    document  uuid REFERENCES public.documents (id) ON DELETE SET NULL,
    seen      bigint NOT NULL,
    PRIMARY KEY (stream, id)
);
CREATE INDEX sync_objects_by_parent ON besunny.sync_objects (stream, parent) WHERE parent IS NOT NULL;
CREATE INDEX sync_objects_by_snapshot ON besunny.sync_objects (stream, seen);
CREATE INDEX sync_objects_by_document ON besunny.sync_objects (document) WHERE document IS NOT NULL;

-- A generation is used once, also when what it was of is long done.
CREATE SEQUENCE besunny.sync_generations;
CREATE TABLE besunny.sync_work (
    stream        bigint NOT NULL REFERENCES besunny.sync_streams (sequence) ON DELETE CASCADE,
    id            text COLLATE "C" NOT NULL,
    tenant_id     uuid NOT NULL,
    generation    bigint NOT NULL,
    note          text,
    attempts      bigint NOT NULL,
    due_at        bigint NOT NULL,
    aside         boolean NOT NULL,
    error_code    text,
    error_message text,
    since         bigint NOT NULL,
    PRIMARY KEY (stream, id)
);
CREATE INDEX sync_work_due ON besunny.sync_work (stream, due_at, id);
CREATE INDEX sync_work_aside ON besunny.sync_work (stream, id) WHERE aside;

CREATE TABLE besunny.sync_channels (
    id         text COLLATE "C" PRIMARY KEY,
    tenant_id  uuid NOT NULL,
    stream     bigint NOT NULL REFERENCES besunny.sync_streams (sequence) ON DELETE CASCADE,
    file       text,
    resource   text,
    token_hash bytea NOT NULL,
    state      text NOT NULL,
    expires_at bigint NOT NULL,
    created_at bigint NOT NULL,
    heard_at   bigint
);
CREATE INDEX sync_channels_by_stream ON besunny.sync_channels (stream, created_at);

DO $$
DECLARE guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['google_accounts', 'sync_streams', 'sync_objects', 'sync_work', 'sync_channels'] LOOP
        EXECUTE format('ALTER TABLE besunny.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON besunny.%I TO authenticated, service_role', guarded);
        EXECUTE format('CREATE POLICY service ON besunny.%I TO service_role USING (true) WITH CHECK (true)', guarded);
        EXECUTE format(
            'CREATE POLICY own ON besunny.%I TO authenticated
             USING (tenant_id = (SELECT auth.uid())) WITH CHECK (tenant_id = (SELECT auth.uid()))', guarded);
    END LOOP;
    -- The workspace's alone.
    FOREACH guarded IN ARRAY ARRAY['google_consents', 'secrets'] LOOP
        EXECUTE format('ALTER TABLE besunny.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON besunny.%I TO service_role', guarded);
        EXECUTE format('CREATE POLICY service ON besunny.%I TO service_role USING (true) WITH CHECK (true)', guarded);
    END LOOP;
    GRANT USAGE ON SEQUENCE besunny.sync_generations TO authenticated, service_role;
END $$;
