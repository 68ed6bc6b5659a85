import type { Evaluation } from '../../../contract/events.ts';
import { isDoubtful, type Ability, type OwnText } from '../../../distill/cannot-write.ts';
import type { CollapseGuard, CollapseWarning } from '../../../distill/collapse-guard.ts';
import type { FrozenModel } from '../../../distill/frozen-model.ts';
import { judgeCompletions } from '../../evaluate/judge-completions.ts';
import { givenText, type EncodedExample, type GivenText } from '../../../text/encoded-example.ts';
import type { PreparedRun } from '../look/prepare.ts';
import type { RunTeacher } from '../teacher/run-teacher.ts';

/** A text of the student's own and the example that it was asked. */
export interface Answered extends OwnText { asked: EncodedExample }

/** Texts that a student is judged by where nothing is held out, and that its teacher is asked about. */
const TEXTS = 8;
/** Steps between two questions to the teacher where nothing is held out. */
const STEPS = 20;

/** Finds out whether a run's student can write at all: from its evaluations, and without them from what it writes in training. */
export class WritingWatch {
  private readonly run: Pick<PreparedRun, 'method' | 'sharedVocabulary'>;
  private readonly guard: CollapseGuard;
  private recent: readonly Answered[] = [];
  private asked: { step: number; byTeacher: Ability['byTeacher'] } | null = null;

  constructor(run: Pick<PreparedRun, 'method' | 'sharedVocabulary'>, guard: CollapseGuard) {
    this.run = run;
    this.guard = guard;
  }

  async evaluated(texts: readonly Answered[], { loss, divergence }: Pick<Evaluation, 'loss' | 'divergence'>, teacher: RunTeacher | null): Promise<CollapseWarning[]> {
    // Of a student that knows the given text to some degree there is no doubt, and the teacher need not be asked.
    const byTeacher = isDoubtful(loss, this.run.sharedVocabulary) ? await foundBy(teacher, texts) : null;
    return this.judge(texts, { loss, divergence, byTeacher });
  }

  /** Told of every step where nothing is held out. */
  async wrote(step: number, texts: readonly Answered[], teacher: RunTeacher | null): Promise<CollapseWarning[]> {
    this.recent = [...this.recent, ...texts].slice(-TEXTS);
    if (this.recent.length < TEXTS) return [];
    if (this.asked === null || step >= this.asked.step + STEPS) this.asked = { step, byTeacher: await foundBy(teacher, this.recent) };
    return this.judge(this.recent, { loss: null, divergence: null, byTeacher: this.asked.byTeacher });
  }

  private judge(texts: readonly Answered[], measured: Pick<Ability, 'loss' | 'divergence' | 'byTeacher'>): CollapseWarning[] {
    return this.guard.judge({ texts, ...measured, by: this.run.method, vocabulary: this.run.sharedVocabulary });
  }
}

/** What a teacher finds in the student's first texts and in those given to the same prompts; null without either, or a teacher. */
async function foundBy(teacher: RunTeacher | null, texts: readonly Answered[]): Promise<Ability['byTeacher']> {
  // One that is kept on the disk alone is not worth reading for a doubt.
  const model = await teacher?.atHand();
  if (!model) return null;
  const first = texts.slice(0, TEXTS);
  const own = first.map(({ asked, tokens }): GivenText => ({ index: asked.index, prompt: asked.prompt, completion: Int32Array.from(tokens), learned: null }));
  const [byOwn, byGiven] = [await nats(model, own), await nats(model, first.map(({ asked }) => givenText(asked)))];
  return byOwn === null || byGiven === null ? null : { own: byOwn, given: byGiven };
}

/** Nats a token that a model finds in texts; null where there are none. */
async function nats(model: FrozenModel, texts: readonly GivenText[]): Promise<number | null> {
  const written = texts.filter(({ completion }) => completion.length > 0);
  if (written.length === 0) return null;
  const judged = await judgeCompletions(model, null, written);
  const sum = (of: 'loss' | 'tokens'): number => judged.reduce((all, text) => all + text[of], 0);
  return sum('loss') / sum('tokens');
}
