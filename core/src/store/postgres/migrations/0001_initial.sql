-- On an empty database this makes everything; on one that the web front end already uses
-- it only adds: no table or column is renamed or dropped, every row stays.
--
-- Tables that the front end reads and writes are in `public`, under its names; what is the
-- library's alone is in `besunny`, which PostgREST does not serve. Times are UTC, without a
-- zone, as the front end keeps them.

-- Roles and claims, as Supabase has them. Roles belong to the whole server, so another
-- database's migration may make them at the same moment.
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
    END LOOP;
    IF to_regnamespace('auth') IS NULL THEN
        CREATE SCHEMA auth;
        GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role;
    END IF;
    IF to_regprocedure('auth.jwt()') IS NULL THEN
        CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS
            'SELECT nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb';
    END IF;
    IF to_regprocedure('auth.uid()') IS NULL THEN
        CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS
            'SELECT nullif(nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb ->> ''sub'', '''')::uuid';
    END IF;
    IF to_regprocedure('auth.role()') IS NULL THEN
        CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS
            'SELECT nullif(current_setting(''request.jwt.claims'', true), '''')::jsonb ->> ''role''';
    END IF;
END $$;

-- The front end's tables. Ids have no default: whoever inserts a row makes its id.

CREATE TABLE IF NOT EXISTS public.users (
    id              uuid PRIMARY KEY,
    email           text,
    name            text,
    role            text,
    username        text UNIQUE,
    username_set_at timestamp with time zone,
    created_at      timestamp without time zone DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.projects (
    id                      uuid PRIMARY KEY,
    name                    text NOT NULL,
    description             text,
    status                  text,
    created_by              uuid REFERENCES public.users (id),
    normalized_tags         text[],
    categories              text[],
    reference_keywords      text[],
    notes                   text,
    classification_signals  jsonb,
    entity_patterns         jsonb,
    classification_feedback jsonb,
    pinecone_document_count integer DEFAULT 0,
    last_classification_at  timestamp without time zone,
    created_at              timestamp without time zone DEFAULT now(),
    updated_at              timestamp without time zone DEFAULT now()
);

CREATE TABLE IF NOT EXISTS public.documents (
    id                          uuid PRIMARY KEY,
    project_id                  uuid REFERENCES public.projects (id) ON DELETE CASCADE,
    knowledge_space_id          uuid,
    source                      text,
    source_id                   text,
    title                       text,
    summary                     text,
    author                      text,
    received_at                 timestamp without time zone,
    created_at                  timestamp without time zone DEFAULT now(),
    created_by                  uuid REFERENCES public.users (id),
    file_id                     text,
    file_size                   text,
    type                        text DEFAULT 'document' CHECK (type IN
        ('email', 'document', 'spreadsheet', 'presentation', 'image', 'folder', 'meeting_transcript')),
    status                      text DEFAULT 'active' CHECK (status IN ('active', 'updated', 'deleted', 'error')),
    classification_source       text DEFAULT 'manual' CHECK (classification_source IN
        ('ai', 'auto', 'system', 'manual', 'user')),
    watch_active                boolean DEFAULT false,
    last_synced_at              timestamp with time zone,
    meeting_id                  uuid,
    transcript_duration_seconds integer,
    transcript_metadata         jsonb
);

CREATE TABLE IF NOT EXISTS public.document_chunks (
    id           uuid PRIMARY KEY,
    document_id  uuid REFERENCES public.documents (id),
    project_id   uuid REFERENCES public.projects (id),
    chunk_index  integer,
    text         text,
    embedding_id text,
    metadata     jsonb,
    created_at   timestamp without time zone DEFAULT now()
);

-- What the library adds to them. `sequence` is the order of creation. Rows that the library
-- wrote have an `identity`, the SHA-256 of source and source id; others have none, so what
-- is there twice may stay so.
ALTER TABLE public.users ALTER COLUMN email DROP NOT NULL;
ALTER TABLE public.users ADD COLUMN sequence bigint;
ALTER TABLE public.projects ADD COLUMN sequence bigint;
ALTER TABLE public.documents
    ADD COLUMN sequence     bigint,
    ADD COLUMN identity     bytea,
    ADD COLUMN text         text,
    ADD COLUMN content_hash text,
    ADD COLUMN revision     integer,
    ADD COLUMN parent_id    uuid REFERENCES public.documents (id) ON DELETE CASCADE,
    ADD COLUMN thread_id    text,
    ADD COLUMN occurred_at  timestamp without time zone,
    ADD COLUMN updated_at   timestamp without time zone,
    ADD COLUMN mail         json,
    ADD COLUMN assignment   json;
ALTER TABLE public.document_chunks
    ADD COLUMN tenant_id    uuid,
    ADD COLUMN content_hash bytea;

UPDATE public.documents AS document SET created_by = project.created_by
    FROM public.projects AS project
    WHERE document.project_id = project.id AND document.created_by IS NULL;
UPDATE public.document_chunks AS chunk SET tenant_id = document.created_by
    FROM public.documents AS document WHERE chunk.document_id = document.id;

DO $$
DECLARE
    numbered text;
    last bigint;
BEGIN
    FOREACH numbered IN ARRAY ARRAY['users', 'projects', 'documents'] LOOP
        EXECUTE format(
            'UPDATE public.%1$I AS row SET sequence = ranked.place
             FROM (SELECT id, row_number() OVER (ORDER BY created_at NULLS FIRST, id) AS place FROM public.%1$I) AS ranked
             WHERE ranked.id = row.id', numbered);
        EXECUTE format('SELECT coalesce(max(sequence), 0) + 1 FROM public.%I', numbered) INTO last;
        EXECUTE format('ALTER TABLE public.%I ALTER COLUMN sequence SET NOT NULL', numbered);
        EXECUTE format(
            'ALTER TABLE public.%I ALTER COLUMN sequence ADD GENERATED BY DEFAULT AS IDENTITY (START WITH %s)',
            numbered, last);
    END LOOP;
END $$;

CREATE INDEX besunny_users_by_folded_name ON public.users (lower(username COLLATE "C"));
CREATE INDEX besunny_projects_by_tenant ON public.projects (created_by, sequence);
CREATE UNIQUE INDEX besunny_documents_by_identity ON public.documents (created_by, identity);
CREATE INDEX besunny_documents_by_tenant ON public.documents (created_by, sequence);
CREATE INDEX besunny_documents_by_project ON public.documents (created_by, project_id, sequence);
CREATE INDEX besunny_documents_by_parent ON public.documents (parent_id) WHERE parent_id IS NOT NULL;
-- Message-IDs can be longer than an entry of a tree; hashes have one length.
CREATE INDEX besunny_documents_by_thread ON public.documents USING hash (thread_id);
CREATE INDEX besunny_documents_by_source_id ON public.documents USING hash (source_id) WHERE identity IS NULL;
CREATE INDEX besunny_chunks_by_document ON public.document_chunks (document_id, chunk_index);
CREATE INDEX besunny_chunks_by_content ON public.document_chunks (tenant_id, content_hash);

-- The library's own tables.

CREATE TABLE besunny.workspace (
    id         uuid NOT NULL DEFAULT gen_random_uuid(),
    is_the_one boolean PRIMARY KEY DEFAULT true CHECK (is_the_one)
);
INSERT INTO besunny.workspace DEFAULT VALUES;

CREATE TABLE besunny.embeddings (
    tenant_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    content_hash bytea NOT NULL,
    model        text NOT NULL,
    vector       bytea NOT NULL,
    PRIMARY KEY (tenant_id, content_hash, model)
);

-- Which conversation a Message-ID belongs to, whether or not that mail is here.
CREATE TABLE besunny.thread_messages (
    tenant_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    message_hash bytea NOT NULL,
    message_id   text NOT NULL,
    thread_id    text NOT NULL,
    PRIMARY KEY (tenant_id, message_hash)
);
CREATE INDEX thread_messages_by_thread ON besunny.thread_messages USING hash (thread_id);

-- The latest conversation under a subject, for replies without references.
CREATE TABLE besunny.thread_subjects (
    tenant_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    subject_hash bytea NOT NULL,
    subject      text NOT NULL,
    thread_id    text NOT NULL,
    PRIMARY KEY (tenant_id, subject_hash)
);
CREATE INDEX thread_subjects_by_thread ON besunny.thread_subjects USING hash (thread_id);

CREATE TABLE besunny.corrections (
    sequence     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    document_id  uuid NOT NULL REFERENCES public.documents (id) ON DELETE CASCADE,
    from_project uuid REFERENCES public.projects (id) ON DELETE SET NULL,
    to_project   uuid REFERENCES public.projects (id) ON DELETE CASCADE,
    corrected_at timestamp without time zone NOT NULL
);
CREATE INDEX corrections_by_tenant ON besunny.corrections (tenant_id, sequence);
CREATE INDEX corrections_by_document ON besunny.corrections (document_id);

CREATE TABLE besunny.changes (
    position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   uuid NOT NULL,
    kind        text NOT NULL,
    document_id uuid,
    project_id  uuid,
    changed_at  timestamp without time zone NOT NULL
);
CREATE INDEX changes_by_tenant ON besunny.changes (tenant_id, position);
CREATE INDEX changes_by_kind ON besunny.changes (tenant_id, kind, position);

CREATE TABLE besunny.intake_log (
    sequence      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     uuid NOT NULL,
    received_at   timestamp without time zone NOT NULL,
    source        text NOT NULL,
    source_id     text,
    address       text,
    status        text NOT NULL,
    error_code    text,
    error_message text,
    document_id   uuid
);
CREATE INDEX intake_log_by_tenant ON besunny.intake_log (tenant_id, sequence);

INSERT INTO besunny.changes (tenant_id, kind, project_id, changed_at)
    SELECT created_by, 'project.created', id, coalesce(created_at, 'epoch')
    FROM public.projects WHERE created_by IS NOT NULL ORDER BY sequence;
INSERT INTO besunny.changes (tenant_id, kind, document_id, project_id, changed_at)
    SELECT created_by, 'document.stored', id, project_id, coalesce(created_at, 'epoch')
    FROM public.documents WHERE created_by IS NOT NULL ORDER BY sequence;
