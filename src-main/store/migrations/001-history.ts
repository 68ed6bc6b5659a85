/**
 * The first schema. Times are milliseconds since 1970. A migration that shipped is never edited: a change is
 * a new file with the next number.
 *
 * `steps` has one column for each field of StepMetrics, so that SQLite itself can thin a long run. Nothing
 * but the key is NOT NULL there: SQLite keeps no NaN, and a diverged loss must not stop the history.
 */
export const history = {
  version: 1,
  sql: `
CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('running', 'done', 'stopped', 'interrupted', 'failed')),
  recipe TEXT NOT NULL,
  runDir TEXT NOT NULL,
  tags TEXT NOT NULL DEFAULT '[]',
  created INTEGER NOT NULL,
  started INTEGER,
  updated INTEGER NOT NULL,
  ended INTEGER,
  totalSteps INTEGER,
  parameters INTEGER,
  checkpointStep INTEGER,
  checkpointPath TEXT,
  error TEXT
) WITHOUT ROWID;

CREATE INDEX runs_created ON runs (created);

CREATE TABLE steps (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  loss REAL,
  divergenceOnPolicy REAL,
  divergenceOffPolicy REAL,
  studentEntropy REAL,
  teacherEntropy REAL,
  agreement REAL,
  onPolicyShare REAL,
  rolloutLength REAL,
  rolloutEosRate REAL,
  gradientNorm REAL,
  learningRate REAL,
  lambda REAL,
  epoch REAL,
  completionTokens INTEGER,
  totalTokens INTEGER,
  tokensPerSecond REAL,
  rolloutMs REAL,
  teacherMs REAL,
  updateMs REAL,
  stepMs REAL,
  memory INTEGER,
  PRIMARY KEY (run, step)
) WITHOUT ROWID;

CREATE TABLE evaluations (
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  examples INTEGER NOT NULL,
  divergence REAL,
  loss REAL,
  PRIMARY KEY (run, step)
) WITHOUT ROWID;

CREATE TABLE scores (
  run TEXT NOT NULL,
  step INTEGER NOT NULL,
  position INTEGER NOT NULL,
  name TEXT NOT NULL,
  value REAL,
  low REAL,
  high REAL,
  PRIMARY KEY (run, step, position),
  FOREIGN KEY (run, step) REFERENCES evaluations (run, step) ON DELETE CASCADE
) WITHOUT ROWID;

CREATE TABLE samples (
  run TEXT NOT NULL,
  step INTEGER NOT NULL,
  position INTEGER NOT NULL,
  prompt TEXT NOT NULL,
  prediction TEXT NOT NULL,
  reference TEXT,
  PRIMARY KEY (run, step, position),
  FOREIGN KEY (run, step) REFERENCES evaluations (run, step) ON DELETE CASCADE
);

-- tokens: int32, tokenDivergence: float32, both little-endian and equally long.
-- bytes: what the row takes, counted against the budget of its run.
CREATE TABLE rollouts (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  step INTEGER NOT NULL,
  example INTEGER NOT NULL,
  ended INTEGER NOT NULL,
  length INTEGER NOT NULL,
  meanDivergence REAL NOT NULL,
  maxDivergence REAL NOT NULL,
  bytes INTEGER NOT NULL,
  prompt TEXT NOT NULL,
  completion TEXT NOT NULL,
  tokens BLOB NOT NULL,
  tokenDivergence BLOB NOT NULL
);

CREATE INDEX rollouts_step ON rollouts (run, step, bytes);
CREATE INDEX rollouts_mean ON rollouts (run, meanDivergence, bytes);
CREATE INDEX rollouts_max ON rollouts (run, maxDivergence);

-- An export outlives the run it came from: the folder is the user's.
CREATE TABLE exports (
  id INTEGER PRIMARY KEY,
  run TEXT REFERENCES runs (id) ON DELETE SET NULL,
  step INTEGER,
  created INTEGER NOT NULL,
  source TEXT NOT NULL,
  folder TEXT NOT NULL,
  precision TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  report TEXT NOT NULL
);

CREATE INDEX exports_run ON exports (run);

CREATE TABLE log (
  id INTEGER PRIMARY KEY,
  run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  step INTEGER NOT NULL,
  level TEXT NOT NULL CHECK (level IN ('info', 'warning', 'error')),
  code TEXT NOT NULL,
  message TEXT NOT NULL
);

CREATE INDEX log_run ON log (run, id);
`,
};
