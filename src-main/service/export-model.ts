import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Commands } from '../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../contract/worker-host.ts';
import { integer } from '../contract/random.ts';
import { layOut } from '../distill/batch.ts';
import { FrozenModel } from '../distill/frozen-model.ts';
import { modelCard } from '../export/card.ts';
import { writeOnnxFiles } from '../export/onnx-file.ts';
import { openExported } from '../export/opened.ts';
import { measureParity, type Parity, type ParityText } from '../export/parity.ts';
import { copyCompanions, publishFolder } from '../model/write-folder.ts';
import { countParameters } from '../nn/build.ts';
import type { Weights } from '../runtime/weights.ts';
import { executorFor, openWholeModel, readWeights, type Model } from './load-model.ts';

/** Texts that parity is measured on: random tokens, which visit more of a model than any prose. */
const TEXTS = 4;
const TEXT_LENGTH = 24;

/** Writes a model as an ONNX folder, opens what was written and measures how near it is, and only then puts it in its place. */
export async function exportModel(
  { model: path, to, precision }: Params<Commands, 'export'>, emit: (event: CommandEvent<Commands, 'export'>) => void,
): Promise<Result<Commands, 'export'>> {
  const model = await openWholeModel(path);
  const { folder } = model;
  const progress = (done: number): void => emit({ event: 'phase', phase: 'export', done, total: 2 });
  let outcome: { bytes: number; parity: Parity } | undefined;
  await publishFolder(to, async (temporary) => {
    progress(0);
    const weights = await readWeights(model);
    await mkdir(join(temporary, 'onnx'), { recursive: true });
    const written = await writeOnnxFiles(join(temporary, 'onnx'), folder.config, precision, (name) => weights[name]!.data as Float32Array);
    progress(1);
    const parity = await parityOf(model, weights, written.map((file) => file.path));
    await copyCompanions(folder.path, temporary);
    const outside = written.filter(({ hasExternalData }) => hasExternalData).map(({ file }) => [file, true] as const);
    const config = outside.length > 0
      ? { ...folder.rawConfig, 'transformers.js_config': { use_external_data_format: Object.fromEntries(outside) } } : folder.rawConfig;
    await writeFile(join(temporary, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
    await writeFile(join(temporary, 'README.md'), modelCard({
      name: basename(to), parameters: countParameters(model.parameters), precision, files: written.map(({ file }) => file), parity,
      reads: model.decoder.encoder !== null,
    }));
    const bytes = written.reduce((sum, file) => sum + file.bytes, 0);
    outcome = { bytes, parity };
    progress(2);
  });
  return { folder: to, bytes: outcome!.bytes, ...outcome!.parity };
}

async function parityOf(model: Model, weights: Weights, paths: readonly string[]): Promise<Parity> {
  const { decoder, tokenizer } = model;
  const known = Math.min(decoder.vocabSize, tokenizer.vocabularySize);
  const length = Math.min(TEXT_LENGTH, decoder.contextLength ?? TEXT_LENGTH);
  const draw = (example: number, from: number): Int32Array =>
    Int32Array.from({ length }, (_, index) => integer(0, { purpose: 'evaluation', example, index: from + index }, known));
  const texts = Array.from({ length: TEXTS }, (_, example): ParityText => (decoder.encoder
    ? { prompt: draw(example, length), tokens: Int32Array.of(decoder.encoder.startId, ...draw(example, 0).subarray(1)) }
    : { prompt: new Int32Array(), tokens: draw(example, 0) }));
  const trained = new FrozenModel(executorFor('cpu'), decoder, weights);
  const opened = await openExported(paths, decoder);
  try {
    return await measureParity(opened, decoder.vocabSize, texts, (text) => logitsOf(trained, text));
  } finally {
    await opened.release();
    await trained.release();
  }
}

/** Logits at every token of a text, by the graph that training uses. */
async function logitsOf(model: FrozenModel, { prompt, tokens }: ParityText): Promise<Float32Array> {
  const { hiddenSize, vocabSize, encoder } = model.decoder;
  // The last token of a laid out text is only a target, so one more is put behind the text.
  const [batch] = layOut([{
    index: 0, isOnPolicy: false,
    prompt: encoder ? prompt : tokens.subarray(0, 1),
    completion: Int32Array.of(...tokens.subarray(1), 0),
  }], 1, 'token', encoder);
  const hidden = (await model.hidden(batch!)).data as Float32Array;
  const output = model.outputLayer(vocabSize).data as Float32Array;
  const logits = new Float32Array(tokens.length * vocabSize);
  for (let row = 0; row < tokens.length; row++) {
    for (let token = 0; token < vocabSize; token++) {
      let sum = 0;
      for (let at = 0; at < hiddenSize; at++) sum += hidden[row * hiddenSize + at]! * output[token * hiddenSize + at]!;
      logits[row * vocabSize + token] = sum;
    }
  }
  return logits;
}
