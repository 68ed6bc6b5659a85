import type { Mixture } from '../../../src-main/export/gguf/mixture.ts';
import { planExport } from '../../../src-main/export/gguf/plan-export.ts';
import { describeTokenizer } from '../../../src-main/export/gguf/tokenizer/describe-tokenizer.ts';
import { writeGguf } from '../../../src-main/export/gguf/write-gguf.ts';
import type { Imatrix } from '../../../src-main/export/gguf/imatrix.ts';
import { openWholeModel } from '../../../src-main/model/load-model.ts';

/** Writes a model as one GGUF file, without the names that tell files apart. @returns what is noted of it */
export async function written(source: string, to: string, mixture: Mixture, imatrix: Imatrix | null = null): Promise<{ bytes: number; notes: readonly string[] }> {
  const { folder, tokenizer, decoder } = await openWholeModel(source);
  const plan = await planExport(source, folder.config);
  const { keys, notes } = await describeTokenizer(tokenizer, folder.companions, folder.config.vocabSize);
  const bytes = await writeGguf(to, { model: folder, layers: decoder.layers, plan, keys, mixture, imatrix, signal: new AbortController().signal });
  return { bytes, notes: [...plan.notes, ...notes] };
}
