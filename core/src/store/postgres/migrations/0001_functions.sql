-- What the database itself does: the tenants' locks, and the change log of those who write
-- around the library. Every name is qualified, so no caller's search_path matters.

-- Writers of one tenant queue here until the end of their transactions. So the order of
-- positions in the change log is the order of commits, and a follower misses none.
CREATE FUNCTION besunny.lock_tenant(tenant uuid) RETURNS void LANGUAGE sql VOLATILE SET search_path = '' AS $$
    SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('besunny tenant ' || tenant::text, 0))
$$;

-- Deletes a document's chunks, and vectors that no other chunk of the tenant needs.
CREATE FUNCTION besunny.drop_chunks(tenant uuid, document uuid) RETURNS void LANGUAGE sql VOLATILE SET search_path = '' AS $$
    WITH gone AS (
        DELETE FROM public.document_chunks AS chunk
        WHERE chunk.document_id = document AND (chunk.tenant_id = tenant OR chunk.tenant_id IS NULL)
        RETURNING chunk.content_hash
    )
    DELETE FROM besunny.embeddings AS vector
    WHERE vector.tenant_id = tenant
      AND vector.content_hash IN (SELECT content_hash FROM gone)
      AND NOT EXISTS (
          SELECT 1 FROM public.document_chunks AS chunk
          WHERE chunk.tenant_id = tenant AND chunk.content_hash = vector.content_hash
            AND chunk.document_id IS DISTINCT FROM document
      )
$$;

-- The people, domains and codes of a project among its entity patterns. What is known about
-- a person stays, and so does every other key; the order of people is kept beside them,
-- because an object has none.
CREATE FUNCTION besunny.merge_patterns(patterns jsonb, people text[], domains text[], codes text[])
RETURNS jsonb LANGUAGE sql IMMUTABLE SET search_path = '' AS $$
    SELECT CASE WHEN pg_catalog.jsonb_typeof(patterns) = 'object' THEN patterns ELSE '{}' END
        || pg_catalog.jsonb_build_object(
            'people', coalesce((
                SELECT pg_catalog.jsonb_object_agg(person, coalesce(
                    CASE WHEN pg_catalog.jsonb_typeof(patterns -> 'people') = 'object' THEN patterns -> 'people' -> person END,
                    '{}'))
                FROM pg_catalog.unnest(people) AS person), '{}'),
            'people_order', pg_catalog.to_jsonb(people),
            'domains', pg_catalog.to_jsonb(domains),
            'project_codes', pg_catalog.to_jsonb(codes))
$$;

-- Whether the library is writing: then it keeps the change log itself.
CREATE FUNCTION besunny.is_library() RETURNS boolean LANGUAGE sql STABLE SET search_path = '' AS $$
    SELECT coalesce(pg_catalog.current_setting('besunny.writer', true), '') = 'library'
$$;

CREATE FUNCTION besunny.record(tenant uuid, kind text, document uuid, project uuid)
RETURNS void LANGUAGE sql VOLATILE SET search_path = '' AS $$
    INSERT INTO besunny.changes (tenant_id, kind, document_id, project_id, changed_at)
    VALUES (tenant, kind, document, project, pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')
$$;

-- Before any row is locked, so that such a writer and the library cannot wait for each other.
CREATE FUNCTION besunny.before_direct_statement() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF NOT besunny.is_library() AND auth.uid() IS NOT NULL THEN
        PERFORM besunny.lock_tenant(auth.uid());
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION besunny.before_direct_project() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF besunny.is_library() THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.created_by IS NOT NULL THEN
        PERFORM besunny.lock_tenant(OLD.created_by);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.created_by IS NOT NULL THEN
        PERFORM besunny.lock_tenant(NEW.created_by);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION besunny.after_direct_project() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF besunny.is_library() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.created_by IS NOT DISTINCT FROM OLD.created_by THEN
        IF NEW.created_by IS NOT NULL
            AND (NEW.name, NEW.description, NEW.normalized_tags, NEW.categories, NEW.reference_keywords, NEW.notes, NEW.entity_patterns)
            IS DISTINCT FROM
            (OLD.name, OLD.description, OLD.normalized_tags, OLD.categories, OLD.reference_keywords, OLD.notes, OLD.entity_patterns)
        THEN
            PERFORM besunny.record(NEW.created_by, 'project.updated', NULL, NEW.id);
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.created_by IS NOT NULL THEN
        PERFORM besunny.record(OLD.created_by, 'project.deleted', NULL, OLD.id);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.created_by IS NOT NULL THEN
        PERFORM besunny.record(NEW.created_by, 'project.created', NULL, NEW.id);
    END IF;
    RETURN NULL;
END $$;

-- A document belongs to whoever made it, else to its project's owner. A project that is set
-- by hand is the user's decision; one that comes with `ai`, `auto` or `system` newly set is not.
CREATE FUNCTION besunny.before_direct_document() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF besunny.is_library() THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.created_by IS NOT NULL THEN
        PERFORM besunny.lock_tenant(OLD.created_by);
    END IF;
    IF TG_OP = 'DELETE' THEN
        PERFORM besunny.drop_chunks(OLD.created_by, OLD.id);
        DELETE FROM public.document_chunks WHERE document_id = OLD.id;
        RETURN OLD;
    END IF;
    IF NEW.created_by IS NULL THEN
        NEW.created_by := coalesce(
            (SELECT project.created_by FROM public.projects AS project WHERE project.id = NEW.project_id),
            auth.uid());
    END IF;
    IF NEW.created_by IS NOT NULL THEN
        PERFORM besunny.lock_tenant(NEW.created_by);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.project_id IS DISTINCT FROM OLD.project_id THEN
        NEW.assignment := NULL;
        NEW.updated_at := pg_catalog.clock_timestamp() AT TIME ZONE 'UTC';
        IF NEW.classification_source IS NOT DISTINCT FROM OLD.classification_source
            OR NEW.classification_source NOT IN ('ai', 'auto', 'system') THEN
            NEW.classification_source := 'user';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION besunny.after_direct_document() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF besunny.is_library() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.created_by IS NOT DISTINCT FROM OLD.created_by THEN
        IF NEW.created_by IS NULL THEN
            RETURN NULL;
        END IF;
        IF (NEW.source, NEW.source_id, NEW.title, NEW.author, NEW.type, NEW.received_at, NEW.occurred_at, coalesce(NEW.text, NEW.summary))
            IS DISTINCT FROM
            (OLD.source, OLD.source_id, OLD.title, OLD.author, OLD.type, OLD.received_at, OLD.occurred_at, coalesce(OLD.text, OLD.summary))
        THEN
            PERFORM besunny.record(NEW.created_by, 'document.updated', NEW.id, NEW.project_id);
        END IF;
        IF NEW.project_id IS DISTINCT FROM OLD.project_id THEN
            UPDATE public.document_chunks SET project_id = NEW.project_id WHERE document_id = NEW.id;
            PERFORM besunny.record(NEW.created_by, 'document.assigned', NEW.id, NEW.project_id);
            IF NEW.classification_source = 'user' THEN
                INSERT INTO besunny.corrections (tenant_id, document_id, from_project, to_project, corrected_at)
                VALUES (NEW.created_by, NEW.id, OLD.project_id, NEW.project_id,
                    pg_catalog.clock_timestamp() AT TIME ZONE 'UTC');
                PERFORM besunny.record(NEW.created_by, 'document.corrected', NEW.id, NEW.project_id);
            END IF;
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' AND OLD.created_by IS NOT NULL THEN
        PERFORM besunny.record(OLD.created_by, 'document.deleted', OLD.id, NULL);
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.created_by IS NOT NULL THEN
        UPDATE public.document_chunks SET tenant_id = NEW.created_by WHERE document_id = NEW.id;
        PERFORM besunny.record(NEW.created_by, 'document.stored', NEW.id, NEW.project_id);
    END IF;
    RETURN NULL;
END $$;

-- Chunks that others write belong to their document's tenant.
CREATE FUNCTION besunny.before_direct_chunk() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF NEW.tenant_id IS NULL THEN
        NEW.tenant_id := (SELECT document.created_by FROM public.documents AS document WHERE document.id = NEW.document_id);
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER besunny_2_before BEFORE INSERT ON public.document_chunks
    FOR EACH ROW EXECUTE FUNCTION besunny.before_direct_chunk();
CREATE TRIGGER besunny_1_queue BEFORE INSERT OR UPDATE OR DELETE ON public.projects
    FOR EACH STATEMENT EXECUTE FUNCTION besunny.before_direct_statement();
CREATE TRIGGER besunny_2_before BEFORE INSERT OR UPDATE OR DELETE ON public.projects
    FOR EACH ROW EXECUTE FUNCTION besunny.before_direct_project();
CREATE TRIGGER besunny_3_after AFTER INSERT OR UPDATE OR DELETE ON public.projects
    FOR EACH ROW EXECUTE FUNCTION besunny.after_direct_project();
CREATE TRIGGER besunny_1_queue BEFORE INSERT OR UPDATE OR DELETE ON public.documents
    FOR EACH STATEMENT EXECUTE FUNCTION besunny.before_direct_statement();
CREATE TRIGGER besunny_2_before BEFORE INSERT OR UPDATE OR DELETE ON public.documents
    FOR EACH ROW EXECUTE FUNCTION besunny.before_direct_document();
CREATE TRIGGER besunny_3_after AFTER INSERT OR UPDATE OR DELETE ON public.documents
    FOR EACH ROW EXECUTE FUNCTION besunny.after_direct_document();

-- Followers sleep until this wakes them; the database sends it with the commit, and once
-- for each tenant however many changes there are.
CREATE FUNCTION besunny.wake_followers() RETURNS trigger LANGUAGE plpgsql SET search_path = '' AS $$
BEGIN
    PERFORM pg_catalog.pg_notify('besunny', NEW.tenant_id::text);
    RETURN NULL;
END $$;
CREATE TRIGGER wake_followers AFTER INSERT ON besunny.changes
    FOR EACH ROW EXECUTE FUNCTION besunny.wake_followers();
