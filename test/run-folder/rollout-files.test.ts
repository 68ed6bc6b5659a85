import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { Rollout } from '../../src-main/contract/events.ts';
import { RolloutFiles } from '../../src-main/run-folder/rollout-files.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'retort-rollouts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Two texts a step, whose characters take more than a byte. */
const written = (step: number): Rollout[] => [0, 1].map((example) => (
  { step, example, prompt: 'Größe?', completion: '→'.repeat(step % 7), tokens: [step, example], divergence: [0.5, 0.25], ended: true }));

async function write(folder: string, from: number, to: number, budget?: number): Promise<void> {
  const files = await RolloutFiles.open(folder, from, budget);
  // A step now and then has only data.
  for (let step = from + 1; step <= to; step++) files.add(step % 5 === 0 ? [] : written(step));
  await files.sync();
}

async function contents(folder: string): Promise<Record<string, string>> {
  return Object.fromEntries(await Promise.all((await readdir(folder)).sort().map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const)));
}

it('are the same after an interruption at any step', async () => {
  const whole = await temporaryFolder();
  await write(whole, 0, 330);
  expect(Object.keys(await contents(whole))).toEqual(['steps-0000001.jsonl', 'steps-0000101.jsonl', 'steps-0000201.jsonl', 'steps-0000301.jsonl']);
  for (const step of [0, 1, 99, 100, 101, 150, 200, 301, 330]) {
    const cut = await temporaryFolder();
    await write(cut, 0, Math.min(step + 120, 330));
    await write(cut, step, 330);
    expect(await contents(cut)).toEqual(await contents(whole));
  }
});

it('lose a line that was cut, and nothing else', async () => {
  const folder = await temporaryFolder();
  await write(folder, 0, 4);
  const before = await contents(folder);
  await appendFile(join(folder, 'steps-0000001.jsonl'), '{"step":6,"exam');
  await RolloutFiles.open(folder, 4);
  expect(await contents(folder)).toEqual(before);
});

it('stay within their budget, interrupted or not', async () => {
  const budget = 20_000;
  const [whole, cut] = [await temporaryFolder(), await temporaryFolder()];
  await write(whole, 0, 330, budget);
  const bytes = Object.values(await contents(whole)).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  expect(bytes).toBeLessThanOrEqual(budget);
  expect(bytes).toBeGreaterThan(budget - 500);
  await write(cut, 0, 60, budget);
  await write(cut, 40, 330, budget);
  expect(await contents(cut)).toEqual(await contents(whole));
});
