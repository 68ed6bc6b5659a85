import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import type { ChatTurn } from '../../src-main/contract/chat-turn.ts';

export const MODELS = ['llama', 'qwen2', 'gpt2'] as const;
export type ModelName = (typeof MODELS)[number];

/** What Transformers makes of a fixture. */
export interface Reference {
  tensors: Record<string, { shape: number[]; sum: number; last: number }>;
  eos: number; bos: number | null; pad: number | null;
  /** Number of tokens. */
  length: number;
  texts: { text: string; ids: number[]; plain: number[]; decoded: string; skipped: string }[];
  /** The talk's first one, two and three turns as text; the second without an opened assistant's turn. */
  chat: string[] | null;
}

export function fixture(name: string): string {
  return join(import.meta.dirname, '../fixtures/model-folders', name);
}

export const reference = JSON.parse(readFileSync(fixture('reference.json'), 'utf8')) as Record<ModelName, Reference> & { talk: ChatTurn[] };

/** A folder for a test file's own writing; `path` is good within tests. */
export function temporaryFolder(): { readonly path: (name: string) => string } {
  let folder = '';
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'retort-model-')); });
  afterAll(() => rm(folder, { recursive: true }));
  return { path: (name) => join(folder, name) };
}
