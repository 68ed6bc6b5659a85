import { writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { Problem } from '../../src-main/contract/problem.ts';
import { mutations } from './mutate.ts';

/** RETORT_MUTATIONS=200 tries more. */
export const COUNT = Number(process.env['RETORT_MUTATIONS'] ?? 20);
export const SEED = 11;

/** Whatever is in the file ends in an answer or in one sentence for the person. */
export async function holds(path: string, whole: string, use: () => Promise<unknown>, put = (text: string): Buffer => Buffer.from(text, 'latin1')): Promise<void> {
  await writeFile(path, put(whole));
  await use();
  for (const text of mutations(whole, COUNT, SEED)) {
    await writeFile(path, put(text));
    await isToldInWords(use, text);
  }
  await writeFile(path, put(whole));
}

/** @param what  for the message where it is not */
export async function isToldInWords(use: () => Promise<unknown>, what: string): Promise<void> {
  const error: unknown = await use().then(() => null, (problem: unknown) => problem);
  if (error !== null) expect(error, what.slice(0, 2000)).toSatisfy((one) => one instanceof Problem && one.kind === 'input' && one.message !== '');
}
