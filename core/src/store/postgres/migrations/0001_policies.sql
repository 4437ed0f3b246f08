-- Who may see which row, for those who do not connect as the owner of the tables: PostgREST,
-- and the library where it is opened with `row_level_security`.

-- An old policy shows documents without a project to everyone. Ours replaces it: they are
-- their owner's alone.
DO $$
DECLARE hole record;
BEGIN
    FOR hole IN
        SELECT policyname FROM pg_catalog.pg_policies
        WHERE schemaname = 'public' AND tablename = 'documents'
          AND (coalesce(qual, '') || coalesce(with_check, '')) ~* 'project_id IS NULL'
    LOOP
        EXECUTE format('DROP POLICY %I ON public.documents', hole.policyname);
    END LOOP;
END $$;

ALTER TABLE public.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.projects ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.document_chunks ENABLE ROW LEVEL SECURITY;

CREATE POLICY besunny_users_select ON public.users FOR SELECT TO authenticated
    USING (id = (SELECT auth.uid()));
CREATE POLICY besunny_users_update ON public.users FOR UPDATE TO authenticated
    USING (id = (SELECT auth.uid())) WITH CHECK (id = (SELECT auth.uid()));
CREATE POLICY besunny_projects_own ON public.projects TO authenticated
    USING (created_by = (SELECT auth.uid())) WITH CHECK (created_by = (SELECT auth.uid()));
CREATE POLICY besunny_documents_own ON public.documents TO authenticated
    USING (created_by = (SELECT auth.uid()))
    WITH CHECK (created_by = (SELECT auth.uid()) AND (project_id IS NULL OR EXISTS (
        SELECT 1 FROM public.projects AS project
        WHERE project.id = project_id AND project.created_by = (SELECT auth.uid()))));
CREATE POLICY besunny_chunks_own ON public.document_chunks TO authenticated
    USING (tenant_id = (SELECT auth.uid()))
    WITH CHECK (tenant_id = (SELECT auth.uid()) AND EXISTS (
        SELECT 1 FROM public.documents AS document
        WHERE document.id = document_id AND document.created_by = (SELECT auth.uid())));

DO $$
DECLARE guarded text;
BEGIN
    GRANT USAGE ON SCHEMA public TO authenticated, service_role;
    GRANT USAGE ON SCHEMA besunny TO authenticated, service_role;
    FOREACH guarded IN ARRAY ARRAY['public.users', 'public.projects', 'public.documents', 'public.document_chunks'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO authenticated, service_role', guarded);
        EXECUTE format('CREATE POLICY besunny_service ON %s TO service_role USING (true) WITH CHECK (true)', guarded);
    END LOOP;
    FOREACH guarded IN ARRAY ARRAY['embeddings', 'thread_messages', 'thread_subjects', 'corrections', 'changes', 'intake_log'] LOOP
        EXECUTE format('ALTER TABLE besunny.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON besunny.%I TO authenticated, service_role', guarded);
        EXECUTE format('CREATE POLICY service ON besunny.%I TO service_role USING (true) WITH CHECK (true)', guarded);
        EXECUTE format(
            'CREATE POLICY own ON besunny.%I TO authenticated
             USING (tenant_id = (SELECT auth.uid())) WITH CHECK (tenant_id = (SELECT auth.uid()))', guarded);
    END LOOP;
    -- Facts about the database, not about anybody.
    ALTER TABLE besunny.workspace ENABLE ROW LEVEL SECURITY;
    ALTER TABLE besunny.migrations ENABLE ROW LEVEL SECURITY;
    GRANT SELECT ON besunny.workspace, besunny.migrations TO authenticated, service_role;
    CREATE POLICY everyone ON besunny.workspace FOR SELECT TO authenticated, service_role USING (true);
    CREATE POLICY everyone ON besunny.migrations FOR SELECT TO authenticated, service_role USING (true);
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA besunny FROM PUBLIC;
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA besunny TO authenticated, service_role;
END $$;
