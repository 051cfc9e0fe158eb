/**
 * The database's schema, one step per version; `PRAGMA user_version` counts the steps that were taken. A step that was
 * released is never edited: what changes comes as a new one.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE executions (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tool TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    principal TEXT NOT NULL,
    started_at TEXT NOT NULL,
    reason TEXT NOT NULL,
    exit_code INTEGER,
    wall_ms REAL NOT NULL,
    cpu_ms REAL NOT NULL,
    peak_memory_bytes INTEGER NOT NULL,
    written_bytes INTEGER NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX executions_by_tool ON executions (tool, seq DESC);

  CREATE TABLE tools (
    id TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_run TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    principal TEXT NOT NULL,
    action TEXT NOT NULL,
    tool TEXT NOT NULL,
    execution TEXT,
    details TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
  CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
  `,
  `
  CREATE TABLE grants (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    tool TEXT NOT NULL,
    principal TEXT NOT NULL,
    record TEXT NOT NULL,
    ended_at TEXT,
    ended_by TEXT
  ) STRICT;
  CREATE INDEX grants_that_hold ON grants (tool, principal) WHERE ended_at IS NULL;

  CREATE TABLE approvals (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    tool TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    at TEXT NOT NULL,
    parts TEXT NOT NULL
  ) STRICT;
  CREATE INDEX approvals_by_tool ON approvals (tool, seq DESC);
  CREATE INDEX audit_by_tool ON audit (tool, seq);
  `,
  `
  ALTER TABLE executions ADD COLUMN counted INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE executions ADD COLUMN cached INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE executions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  UPDATE executions SET counted = 1 WHERE wall_ms > 0
    AND reason NOT IN ('denied', 'cancelled', 'not-enforceable', 'sandbox-error');
  CREATE INDEX executions_counted
    ON executions (tool, seq DESC, reason, wall_ms, peak_memory_bytes, started_at) WHERE counted = 1;
  CREATE INDEX executions_cached ON executions (tool) WHERE cached = 1;
  CREATE INDEX executions_sizes ON executions (seq, bytes);

  CREATE TABLE cache (
    execution TEXT PRIMARY KEY,
    tool TEXT NOT NULL,
    key TEXT NOT NULL,
    principal TEXT NOT NULL,
    argv TEXT NOT NULL,
    created_at TEXT NOT NULL,
    used_at TEXT NOT NULL,
    uses INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    inputs TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX cache_by_key ON cache (key, created_at DESC);
  CREATE INDEX cache_by_tool ON cache (tool);
  CREATE INDEX cache_by_use ON cache (used_at, bytes);

  CREATE TABLE cache_allowed (
    tool TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE TABLE workflow_runs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    workflow TEXT NOT NULL,
    file TEXT NOT NULL,
    hash TEXT NOT NULL,
    inputs TEXT NOT NULL,
    status TEXT NOT NULL,
    owner TEXT NOT NULL,
    started_at TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT;
  CREATE INDEX workflow_runs_by_file ON workflow_runs (file, seq DESC);

  CREATE TABLE workflow_steps (
    run TEXT NOT NULL REFERENCES workflow_runs (id),
    step TEXT NOT NULL,
    item INTEGER NOT NULL,
    key TEXT NOT NULL,
    execution TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (run, step, item)
  ) STRICT;
  `,
];
