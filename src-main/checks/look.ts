import { DATA_FORMATS } from '../contract/data-view.ts';
import type { Finding } from '../contract/finding.ts';
import { Problem } from '../contract/problem.ts';
import type { Check } from './check.ts';
import type { Material, Needs } from './needs.ts';

/**
 * Runs checks in their order and tells what each finds; whoever wants only the first problem stops there. The same
 * problem is told once, however many checks meet it. @throws what is no fault of the input
 */
export async function* lookAt(checks: readonly Check[], material: Material): AsyncGenerator<Finding> {
  const told = new Set<string>();
  for (const { code, needs, look } of checks) {
    for (const finding of await findings(code, async () => await look(await take(needs, material)) ?? [])) {
      if (finding.level === 'problem' && told.has(finding.message)) continue;
      told.add(finding.message);
      yield finding;
    }
  }
}

/** What a look finds; a problem of the input that it throws is the one thing found. */
export async function findings(code: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (!(error instanceof Problem) || error.kind !== 'input') throw error;
    const field = FIELD.exec(error.message)?.[0];
    return [{ code, level: 'problem', message: error.message, ...(error.hint !== undefined && { hint: error.hint }), ...(field !== undefined && { field }) }];
  }
}

/** A problem that was found, to be thrown where it ends something. */
export function problemOf({ message, hint }: Finding): Problem {
  return new Problem(message, hint === undefined ? {} : { hint });
}

async function take(needs: readonly (keyof Needs)[], material: Material): Promise<Needs> {
  const had: Partial<Record<keyof Needs, unknown>> = {};
  for (const need of needs) had[need] = await material[need]();
  // A check's own type holds it to what it needs.
  return had as Needs;
}

/** A recipe's field where a message names one; a data file that is called train.jsonl is none. */
const FIELD = new RegExp(`\\b(?:teacher|student|data|method|train|evaluate|checkpoint)\\.(?!(?:${DATA_FORMATS.join('|')})\\b)[a-zA-Z]+`);
