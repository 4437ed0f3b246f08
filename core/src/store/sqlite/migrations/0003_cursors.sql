-- How far each subscriber of a tenant's events has got.
CREATE TABLE cursors (
    tenant_id   BLOB NOT NULL,
    name        TEXT NOT NULL,
    position    INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;
