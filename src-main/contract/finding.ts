/**
 * What a look at a recipe found, before anything long begins: a problem that keeps a run from starting, or something
 * worth knowing that does not.
 */
export interface Finding {
  /** The check that found it, in kebab-case: "cut-texts", "learning-rate". */
  code: string;
  level: 'problem' | 'notice';
  message: string;
  hint?: string;
  /** The field of the recipe that it is about, with its path: "train.learningRate". */
  field?: string;
  /** What one press would change: a label for the button and a merge patch (RFC 7396) of the recipe. */
  mend?: Mend;
  /** Several that mend it, each by itself. */
  mends?: Mend[];
}

/** A change of a recipe. */
export interface Change {
  /** A merge patch (RFC 7396), which replaces lists. */
  patch: Record<string, unknown>;
  /** Of a stage: the same said of it alone, so that changes of several stages go together. One that is new comes before all others. */
  stage?: { name: string; patch: Record<string, unknown>; isNew?: boolean };
}

export interface Mend extends Change { label: string }
