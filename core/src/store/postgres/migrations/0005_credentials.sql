-- What the front end shows of a user's account at Google: a row that says which it is, and
-- holds no token.

CREATE TABLE IF NOT EXISTS public.google_credentials (
    user_id          uuid PRIMARY KEY REFERENCES public.users (id) ON DELETE CASCADE,
    access_token     text,
    refresh_token    text,
    token_type       text,
    expires_at       timestamp without time zone,
    scope            text,
    google_user_id   text,
    google_email     text,
    google_name      text,
    google_picture   text,
    login_provider   boolean DEFAULT false,
    login_created_at timestamp with time zone,
    created_at       timestamp without time zone DEFAULT now()
);

DO $$
DECLARE
    secret text;
    reference record;
BEGIN
    -- Tokens are blanked where there are any; some databases have the client's secret, too.
    FOR secret IN
        SELECT attname FROM pg_catalog.pg_attribute
        WHERE attrelid = 'public.google_credentials'::regclass AND NOT attisdropped AND attnotnull
          AND attname IN ('access_token', 'refresh_token', 'client_secret', 'token_type', 'expires_at', 'scope')
    LOOP
        EXECUTE format('ALTER TABLE public.google_credentials ALTER COLUMN %I DROP NOT NULL', secret);
    END LOOP;
    -- Who disconnects an account keeps their subscription.
    FOR reference IN
        SELECT conname, conrelid::regclass AS owner FROM pg_catalog.pg_constraint
        WHERE contype = 'f' AND confrelid = 'public.google_credentials'::regclass AND confdeltype = 'c'
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', reference.owner, reference.conname);
    END LOOP;
END $$;

ALTER TABLE public.google_credentials ENABLE ROW LEVEL SECURITY;
GRANT SELECT, DELETE ON public.google_credentials TO authenticated;
GRANT SELECT, INSERT, UPDATE, DELETE ON public.google_credentials TO service_role;
CREATE POLICY besunny_credentials_select ON public.google_credentials FOR SELECT TO authenticated
    USING (user_id = (SELECT auth.uid()));
CREATE POLICY besunny_credentials_delete ON public.google_credentials FOR DELETE TO authenticated
    USING (user_id = (SELECT auth.uid()));
CREATE POLICY besunny_service ON public.google_credentials TO service_role USING (true) WITH CHECK (true);

-- Brings a user's row level with their accounts, of which the one named by `subject` has just
-- changed. It shows the account that they sign in with, else the one that was linked first.
-- Tokens that an earlier system left in the row go when those of the same account were sealed;
-- until they were, the row shows no other account, for they would seem to be its.
CREATE FUNCTION besunny.show_account(tenant uuid, subject text, sealed boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = '' AS $$
DECLARE shown besunny.google_accounts%ROWTYPE;
BEGIN
    IF auth.uid() IS NOT NULL AND auth.uid() <> tenant THEN
        RAISE insufficient_privilege USING MESSAGE = 'a user sees their own accounts only';
    END IF;
    IF sealed THEN
        UPDATE public.google_credentials AS kept SET access_token = NULL, refresh_token = NULL
        WHERE kept.user_id = tenant AND kept.google_user_id = subject
          AND (kept.access_token IS NOT NULL OR kept.refresh_token IS NOT NULL);
    END IF;
    SELECT account.* INTO shown FROM besunny.google_accounts AS account
    WHERE account.tenant_id = tenant AND account.status <> 'revoked'
    ORDER BY account.login DESC, account.status = 'active' DESC, account.sequence LIMIT 1;
    IF NOT FOUND THEN
        DELETE FROM public.google_credentials AS kept
        WHERE kept.user_id = tenant
          AND ((kept.access_token IS NULL AND kept.refresh_token IS NULL) OR kept.google_user_id = subject);
        RETURN;
    END IF;
    BEGIN
        INSERT INTO public.google_credentials AS kept (user_id, token_type, expires_at, scope, google_user_id,
            google_email, google_name, google_picture, login_provider, login_created_at, created_at)
        SELECT person.id, 'Bearer',
            timestamp 'epoch' + shown.access_expires_at * interval '1 microsecond',
            pg_catalog.array_to_string(shown.scopes, ' '), shown.subject, shown.email, shown.name, shown.picture,
            shown.login,
            CASE WHEN shown.login THEN
                (timestamp 'epoch' + shown.linked_at * interval '1 microsecond') AT TIME ZONE 'UTC' END,
            timestamp 'epoch' + shown.linked_at * interval '1 microsecond'
        FROM public.users AS person WHERE person.id = tenant
        ON CONFLICT (user_id) DO UPDATE SET token_type = excluded.token_type, expires_at = excluded.expires_at,
            scope = excluded.scope, google_user_id = excluded.google_user_id, google_email = excluded.google_email,
            google_name = excluded.google_name, google_picture = excluded.google_picture,
            login_provider = excluded.login_provider,
            login_created_at = CASE WHEN excluded.login_provider
                THEN coalesce(kept.login_created_at, excluded.login_created_at) END
        WHERE (kept.access_token IS NULL AND kept.refresh_token IS NULL)
           OR kept.google_user_id = excluded.google_user_id;
    EXCEPTION WHEN foreign_key_violation THEN
        -- Of somebody who cannot sign in at the front end.
        NULL;
    END;
END $$;

-- Blanks whatever is in plain text in a user's row.
CREATE FUNCTION besunny.clear_plaintext(tenant uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path = '' AS $$
BEGIN
    UPDATE public.google_credentials AS kept SET access_token = NULL, refresh_token = NULL
    WHERE kept.user_id = tenant AND (kept.access_token IS NOT NULL OR kept.refresh_token IS NOT NULL);
    IF EXISTS (SELECT FROM pg_catalog.pg_attribute
        WHERE attrelid = 'public.google_credentials'::pg_catalog.regclass AND attname = 'client_secret'
          AND NOT attisdropped) THEN
        EXECUTE 'UPDATE public.google_credentials SET client_secret = NULL
                 WHERE user_id = $1 AND client_secret IS NOT NULL' USING tenant;
    END IF;
    IF EXISTS (SELECT FROM besunny.google_accounts AS account WHERE account.tenant_id = tenant) THEN
        PERFORM besunny.show_account(tenant, NULL, false);
    END IF;
END $$;

REVOKE ALL ON FUNCTION besunny.show_account(uuid, text, boolean), besunny.clear_plaintext(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION besunny.show_account(uuid, text, boolean) TO authenticated, service_role;
GRANT EXECUTE ON FUNCTION besunny.clear_plaintext(uuid) TO service_role;
