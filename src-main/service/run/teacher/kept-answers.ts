import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { digestOfText } from '../../../files/digest.ts';
import { writeWhole } from '../../../files/write-whole.ts';
import type { EncodedExample } from '../../../text/encoded-example.ts';
import type { AnswerSettings } from '../../evaluate/answers.ts';

const answersSchema = z.array(z.string());

/** A teacher's answers to prompts, written once for the same prompts and settings and kept in a folder of that teacher. */
export async function keptAnswers(
  folder: string, examples: readonly EncodedExample[], { eos, signal: _, ...settings }: AnswerSettings, write: () => Promise<string[]>,
): Promise<string[]> {
  const asked = { settings, eos: [...eos], prompts: examples.map(({ index, prompt }) => [index, ...prompt]) };
  const file = join(folder, `answers-${digestOfText(JSON.stringify(asked)).slice(0, 32)}.json`);
  const known = await readFile(file, 'utf8').then((text) => answersSchema.parse(JSON.parse(text)), () => null);
  if (known?.length === examples.length) return known;
  const answers = await write();
  await mkdir(folder, { recursive: true });
  await writeWhole(file, [`${JSON.stringify(answers)}\n`], { replace: true });
  return answers;
}
