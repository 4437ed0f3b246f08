-- Meetings, in the table of the front end.

-- Those that are there are put into the log below. Turns come before locks of tables and rows.
DO $$
BEGIN
    IF to_regclass('public.meetings') IS NOT NULL THEN
        PERFORM besunny.lock_tenant(owner.user_id)
        FROM (SELECT DISTINCT user_id FROM public.meetings ORDER BY user_id) AS owner;
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS public.meetings (
    id                          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id                     uuid NOT NULL REFERENCES public.users (id) ON DELETE CASCADE,
    project_id                  uuid REFERENCES public.projects (id) ON DELETE CASCADE,
    google_calendar_event_id    text,
    title                       text NOT NULL,
    description                 text,
    meeting_url                 text,
    start_time                  timestamp with time zone NOT NULL,
    end_time                    timestamp with time zone NOT NULL,
    attendee_bot_id             uuid,
    bot_name                    text,
    bot_chat_message            text,
    bot_status                  text DEFAULT 'pending' CHECK (bot_status IN
        ('pending', 'bot_scheduled', 'bot_joined', 'transcribing', 'completed', 'failed')),
    event_status                text DEFAULT 'needsAction' CHECK (event_status IN
        ('accepted', 'declined', 'tentative', 'needsAction')),
    bot_configuration           jsonb,
    bot_deployment_method       text DEFAULT 'manual',
    auto_scheduled_via_email    boolean DEFAULT false,
    virtual_email_attendee      text,
    auto_bot_notification_sent  boolean DEFAULT false,
    last_polled_at              timestamp with time zone,
    next_poll_time              timestamp with time zone,
    transcript                  text,
    transcript_url              text,
    transcript_summary          text,
    transcript_audio_url        text,
    transcript_recording_url    text,
    transcript_language         text DEFAULT 'en-US',
    transcript_metadata         jsonb,
    transcript_participants     jsonb,
    transcript_speakers         jsonb,
    transcript_segments         jsonb,
    transcript_duration_seconds integer,
    transcript_retrieved_at     timestamp with time zone,
    created_at                  timestamp with time zone DEFAULT now(),
    updated_at                  timestamp with time zone DEFAULT now(),
    UNIQUE (user_id, google_calendar_event_id)
);

-- What the library adds. Rows that it wrote have a calendar.
ALTER TABLE public.meetings
    ADD COLUMN ical_uid       text,
    ADD COLUMN calendar       text,
    ADD COLUMN series_id      text,
    ADD COLUMN original_start timestamp with time zone,
    ADD COLUMN attendees      jsonb;
CREATE INDEX besunny_meetings_by_start ON public.meetings
    (user_id, start_time, (coalesce(google_calendar_event_id, id::text) COLLATE "C"));
CREATE INDEX besunny_meetings_by_series ON public.meetings (user_id, series_id) WHERE series_id IS NOT NULL;
CREATE INDEX besunny_meetings_by_project ON public.meetings (project_id) WHERE project_id IS NOT NULL;

ALTER TABLE public.meetings ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.meetings TO authenticated, service_role;
CREATE POLICY besunny_meetings_own ON public.meetings TO authenticated
    USING (user_id = (SELECT auth.uid()))
    WITH CHECK (user_id = (SELECT auth.uid()) AND (project_id IS NULL OR EXISTS (
        SELECT 1 FROM public.projects AS project
        WHERE project.id = project_id AND project.created_by = (SELECT auth.uid()))));
CREATE POLICY besunny_service ON public.meetings TO service_role USING (true) WITH CHECK (true);

-- Meetings that others write reach the change log, like projects and documents.

CREATE FUNCTION besunny.record_subject(tenant uuid, kind text, subject uuid)
RETURNS void LANGUAGE sql VOLATILE SET search_path = '' AS $$
    INSERT INTO besunny.changes (tenant_id, kind, subject_id, changed_at)
    VALUES (tenant, kind, subject, pg_catalog.clock_timestamp() AT TIME ZONE 'UTC')
$$;

CREATE FUNCTION besunny.before_direct_meeting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF NOT besunny.is_library() THEN
        IF TG_OP <> 'INSERT' THEN
            PERFORM besunny.lock_tenant(OLD.user_id);
        END IF;
        IF TG_OP <> 'DELETE' THEN
            PERFORM besunny.lock_tenant(NEW.user_id);
        END IF;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;

-- How a bot is getting on is no change of the meeting.
CREATE FUNCTION besunny.after_direct_meeting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF besunny.is_library() THEN
        RETURN NULL;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.user_id = OLD.user_id THEN
        IF (NEW.google_calendar_event_id, NEW.title, NEW.description, NEW.meeting_url, NEW.start_time, NEW.end_time,
                NEW.event_status, NEW.virtual_email_attendee, NEW.project_id, NEW.attendees)
            IS DISTINCT FROM
            (OLD.google_calendar_event_id, OLD.title, OLD.description, OLD.meeting_url, OLD.start_time, OLD.end_time,
                OLD.event_status, OLD.virtual_email_attendee, OLD.project_id, OLD.attendees)
        THEN
            PERFORM besunny.record_subject(NEW.user_id, 'meeting.updated', NEW.id);
        END IF;
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        PERFORM besunny.record_subject(OLD.user_id, 'meeting.deleted', OLD.id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM besunny.record_subject(NEW.user_id, 'meeting.stored', NEW.id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER besunny_1_queue BEFORE INSERT OR UPDATE OR DELETE ON public.meetings
    FOR EACH STATEMENT EXECUTE FUNCTION besunny.before_direct_statement();
CREATE TRIGGER besunny_2_before BEFORE INSERT OR UPDATE OR DELETE ON public.meetings
    FOR EACH ROW EXECUTE FUNCTION besunny.before_direct_meeting();
CREATE TRIGGER besunny_3_after AFTER INSERT OR UPDATE OR DELETE ON public.meetings
    FOR EACH ROW EXECUTE FUNCTION besunny.after_direct_meeting();

REVOKE ALL ON FUNCTION besunny.record_subject(uuid, text, uuid), besunny.before_direct_meeting(),
    besunny.after_direct_meeting() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION besunny.record_subject(uuid, text, uuid), besunny.before_direct_meeting(),
    besunny.after_direct_meeting() TO authenticated, service_role;

-- What was there before.
INSERT INTO besunny.changes (tenant_id, kind, subject_id, changed_at)
    SELECT user_id, 'meeting.stored', id, coalesce(created_at AT TIME ZONE 'UTC', 'epoch')
    FROM public.meetings ORDER BY start_time, id;
