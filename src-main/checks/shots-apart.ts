import { Problem } from '../contract/problem.ts';
import { rowName } from '../data/read.ts';
import type { EncodedExample } from '../text/encoded-example.ts';
import type { ExampleFields } from '../text/examples.ts';
import { readShots } from '../text/shots.ts';
import { check } from './check.ts';

export const shotsApart = check('shots', ['heldOut', 'evaluated'], ({ heldOut: data, evaluated }) => refuseKnownShots(data.validation ?? data.train, evaluated, data));

/** Refuses to evaluate an example whose own answer stands among the shots. */
export async function refuseKnownShots(path: string, examples: readonly EncodedExample[], { shots: settings, ...fields }: Pick<ExampleFields, 'shots' | 'prompt' | 'completion' | 'messages'>): Promise<void> {
  if (!settings) return;
  const { rows } = await readShots(settings, fields);
  const shown = new Set(rows.map((row) => JSON.stringify(row)));
  const known = examples.find(({ row }) => shown.has(JSON.stringify(row)));
  if (known) throw new Problem(`${rowName(path, known.index)} is one of the shots: its prompt would begin with its own answer.`, { hint: 'Keep the shots apart from the rows that are evaluated.' });
}
