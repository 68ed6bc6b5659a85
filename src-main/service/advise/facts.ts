import type { Prediction, Score } from '../../contract/events.ts';
import type { Method } from '../../contract/presets.ts';
import type { Recipe } from '../../contract/recipe.ts';
import type { OwnText } from '../../distill/cannot-write.ts';
import type { JudgedText } from '../../metrics/perplexity.ts';
import type { ComparedText } from './compare-texts.ts';
import type { Pace } from './pace.ts';
import type { ProbedRate } from './probe-rate.ts';
import type { Repeats } from './repeats.ts';

/** A model's answers to the rows, as evaluations write them, and the milliseconds they took. */
export interface Answers { texts: OwnText[]; predictions: Prediction[]; ms: number }

/** What a few rows tell, in their order. */
export interface RowFacts {
  rows: number;
  /** What the right answers of those rows that have one cost the student. */
  given: JudgedText[];
  /** The same beside the teacher; null without one that can be asked. */
  compared: ComparedText[] | null;
  /** What the student writes as it does in training, and what both models make of it. */
  own: OwnText[];
  ownCompared: ComparedText[] | null;
  student: Answers;
  /** Null without a teacher that writes. The texts may be longer than the recipe allows, to see where they would end; the predictions are not. */
  teacher: Answers | null;
  /** Tokens that the teacher was given to end in. */
  teacherRoom: number;
}

/** All that advice is given from. */
export interface Facts extends RowFacts {
  recipe: Recipe;
  method: Method;
  steps: number;
  /** Whether the data has answers to learn from. */
  hasAnswers: boolean;
  /** Ids that both models know. */
  vocabulary: number;
  /** Tokens that evaluations let a model write, and the context of the shorter-sighted model. */
  newTokens: number;
  context: number | null;
  /** The metric by which answers are compared, of each model, and the teacher's lead with its interval over the same rows; null where the recipe has none, or nobody to compare. */
  byMetric: { name: string; isLowerBetter: boolean; student: Score; teacher: Score | null; lead: Score | null } | null;
  repeats: Repeats;
  pace: Pace;
  /** Null where trying rates would take too long. */
  rate: ProbedRate | null;
}
