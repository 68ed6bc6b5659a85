import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DraftMeasure } from '../../contract/export-report.ts';
import { planExport } from '../../export/gguf/plan-export.ts';
import { describeTokenizer } from '../../export/gguf/tokenizer/describe-tokenizer.ts';
import { writeGguf } from '../../export/gguf/write-gguf.ts';
import type { FoundLlama } from '../../export/llama/find-llama.ts';
import { speculate } from '../../export/llama/speculate.ts';
import { openWholeModel } from '../../model/load-model.ts';
import type { ExportJob } from './job.ts';

/** Prompts that are written to with and without drafts, and tokens of each. */
const PROMPTS = 8;
const NEW_TOKENS = 64;

/** What each file is worth as a draft for the model that it was trained to draft for, to the first prompts of the report. */
export async function measureDrafts(found: FoundLlama, job: ExportJob, files: readonly string[], stops: readonly number[]): Promise<DraftMeasure[]> {
  const { draftFor, folder, measure, model, signal } = job;
  const { model: target, draftTokens } = draftFor!;
  const room = Math.min(NEW_TOKENS, (model.decoder.contextLength ?? Infinity) - Math.max(...measure.texts.map(({ prompt }) => prompt.length)) - draftTokens - 1);
  const prompts = measure.texts.slice(0, PROMPTS).map(({ prompt }) => prompt);
  return withGguf(target, folder, signal, async (path) => {
    const drafts: DraftMeasure[] = [];
    for (const file of files) {
      signal.throwIfAborted();
      drafts.push({ target: basename(target), file, ...await speculate(found, path, join(folder, file), prompts, { newTokens: Math.max(1, room), draftTokens, stops: new Set(stops) }, signal) });
    }
    return drafts;
  });
}

/** A model as a GGUF file: as it lies, or written into the export's folder in 8 bits for as long as it is used. */
async function withGguf<T>(path: string, folder: string, signal: AbortSignal, use: (path: string) => Promise<T>): Promise<T> {
  if (statSync(path).isFile()) return use(path);
  const { folder: files, tokenizer, decoder } = await openWholeModel(path);
  const place = join(folder, 'target.gguf');
  try {
    const plan = await planExport(files.path, files.config);
    const { keys } = await describeTokenizer(tokenizer, files.companions, files.config.vocabSize);
    await writeGguf(place, { model: files, layers: decoder.layers, plan, keys, mixture: 'q8_0', imatrix: null, signal });
    return await use(place);
  } finally {
    await rm(place, { force: true });
  }
}
