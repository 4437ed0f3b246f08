-- How far each subscriber of a tenant's events has got.
CREATE TABLE besunny.cursors (
    tenant_id   uuid NOT NULL,
    name        text COLLATE "C" NOT NULL,
    position    bigint NOT NULL,
    updated_at  timestamp without time zone NOT NULL,
    PRIMARY KEY (tenant_id, name)
);
ALTER TABLE besunny.cursors ENABLE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON besunny.cursors TO authenticated, service_role;
CREATE POLICY service ON besunny.cursors TO service_role USING (true) WITH CHECK (true);
CREATE POLICY own ON besunny.cursors TO authenticated
    USING (tenant_id = (SELECT auth.uid())) WITH CHECK (tenant_id = (SELECT auth.uid()));
