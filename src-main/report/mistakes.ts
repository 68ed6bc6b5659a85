import type { ForkKind } from '../contract/fork.ts';
import type { RunRecord, StoredRollout } from '../contract/history.ts';
import type { Distributions, InspectedSample, Inspection, SampleFilter } from '../contract/inspection.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer/tokenizer.ts';
import { TextStream } from '../text/tokenizer/text-stream.ts';
import { readSample } from '../store/inspected-samples.ts';
import { readDistributions, readSampleRows } from '../store/inspection-query.ts';
import { listInspections } from '../store/inspections.ts';
import { readRollouts } from '../store/rollouts.ts';
import type { Queries } from '../store/sqlite.ts';
import { modelIn } from '../run-folder/moments.ts';

/** Samples shown. */
const SHOWN = 6;
/** The worst rollouts that are looked through for different examples. */
const LOOKED_AT = 60;

export interface InspectedMistakes { kind: 'inspected'; inspection: Inspection; kinds: Distributions['kinds']; samples: InspectedSample[] }
/** `texts`: of every token, or null where the tokenizer is gone. */
export interface RecordedMistakes { kind: 'recorded'; rollouts: (StoredRollout & { texts: string[] | null })[]; total: number }
export type Mistakes = InspectedMistakes | RecordedMistakes;

/** What a run's inspection has found; without one, the rollouts that were furthest from the teacher; null where there is neither. */
export async function gatherMistakes(queries: Pick<Queries, 'get' | 'all'>, run: RunRecord): Promise<Mistakes | null> {
  const inspection = latest((await listInspections(queries)).filter((one) => one.run === run.id && one.samples > 0 && one.state !== 'failed'));
  if (inspection) {
    const { kinds } = await readDistributions(queries, inspection.id, {});
    return { kind: 'inspected', inspection, kinds, samples: await tellingSamples(queries, inspection.id, kinds.map(({ kind }) => kind)) };
  }
  const { rollouts, total } = await readRollouts(queries, run.id, { order: 'mean', descending: true, offset: 0, limit: LOOKED_AT });
  if (rollouts.length === 0) return null;
  const tokenizer = await loadTokenizer(modelIn(run.recipe.student.model)).catch(() => null);
  return { kind: 'recorded', total, rollouts: differentExamples(rollouts).map((rollout) => ({ ...rollout, texts: tokenizer && textsOf(rollout.tokens, tokenizer) })) };
}

/** That of the student furthest on, and of those the newest; they come newest first. */
function latest(inspections: readonly Inspection[]): Inspection | undefined {
  const stepOf = ({ step }: Inspection): number => step ?? Infinity;
  return inspections.toSorted((one, other) => (stepOf(one) === stepOf(other) ? other.created - one.created : stepOf(other) - stepOf(one)))[0];
}

/** The sample with the worst fork of every kind, the most frequent kind first; then the worst of all. */
async function tellingSamples(queries: Pick<Queries, 'get' | 'all'>, inspection: string, kinds: readonly ForkKind[]): Promise<InspectedSample[]> {
  const chosen = new Set<number>();
  const filters: SampleFilter[] = [...kinds.map((kind) => ({ kind })), ...Array.from({ length: SHOWN }, () => ({}))];
  for (const filter of filters) {
    if (chosen.size === SHOWN) break;
    const { samples } = await readSampleRows(queries, inspection, { order: 'fork', descending: true, divergence: 'forward_kl', filter, offset: 0, limit: SHOWN });
    const fresh = samples.find(({ id, forks }) => forks > 0 && !chosen.has(id));
    if (fresh) chosen.add(fresh.id);
  }
  return Promise.all([...chosen].map((id) => readSample(queries, id)));
}

function differentExamples(rollouts: readonly StoredRollout[]): StoredRollout[] {
  const seen = new Set<number>();
  return rollouts.filter(({ example }) => !seen.has(example) && seen.add(example)).slice(0, SHOWN);
}

/** The text of every token; that of a character's last byte holds the character. */
function textsOf(tokens: readonly number[], tokenizer: Tokenizer): string[] {
  const stream = new TextStream(tokenizer, { skipSpecial: false });
  const texts = tokens.map((id) => stream.push(id));
  const rest = stream.end();
  return rest === '' ? texts : texts.with(-1, texts.at(-1)! + rest);
}
