import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Commands } from '../contract/worker.ts';
import type { CommandEvent, Params, Result } from '../contract/worker-host.ts';
import { integer } from '../contract/random.ts';
import { layOut } from '../distill/batch.ts';
import { FrozenModel } from '../distill/frozen-model.ts';
import { modelCard } from '../export/card.ts';
import { writeDecoderOnnx } from '../export/onnx-file.ts';
import { measureParity, type Parity } from '../export/parity.ts';
import { PRECISIONS } from '../export/precision.ts';
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
    const written = await writeDecoderOnnx(join(temporary, 'onnx'), folder.config, precision, (name) => weights[name]!.data as Float32Array);
    progress(1);
    const parity = await parityOf(model, weights, written.path);
    await copyCompanions(folder.path, temporary);
    const { file } = PRECISIONS[precision];
    const config = written.hasExternalData
      ? { ...folder.rawConfig, 'transformers.js_config': { use_external_data_format: { [file]: true } } } : folder.rawConfig;
    await writeFile(join(temporary, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
    await writeFile(join(temporary, 'README.md'), modelCard({
      name: basename(to), parameters: countParameters(model.parameters), precision, file, parity,
    }));
    outcome = { bytes: written.bytes, parity };
    progress(2);
  });
  return { folder: to, bytes: outcome!.bytes, ...outcome!.parity };
}

async function parityOf(model: Model, weights: Weights, path: string): Promise<Parity> {
  const { decoder, tokenizer } = model;
  const known = Math.min(decoder.vocabSize, tokenizer.vocabularySize);
  const length = Math.min(TEXT_LENGTH, decoder.contextLength ?? TEXT_LENGTH);
  const texts = Array.from({ length: TEXTS }, (_, example) =>
    Int32Array.from({ length }, (__, index) => integer(0, { purpose: 'evaluation', example, index }, known)));
  const trained = new FrozenModel(executorFor('cpu'), decoder, weights);
  try {
    return await measureParity(path, decoder, texts, (text) => logitsOf(trained, text));
  } finally {
    await trained.release();
  }
}

/** Logits at every position of a text, by the graph that training uses. */
async function logitsOf(model: FrozenModel, text: Int32Array): Promise<Float32Array> {
  // The last token of a laid out text is only a target, so one more is put behind the text.
  const [batch] = layOut([{ index: 0, prompt: text.subarray(0, 1), completion: Int32Array.from([...text.subarray(1), 0]), isOnPolicy: false }], 1, 'token', null);
  const hidden = (await model.hidden(batch!)).data as Float32Array;
  const { hiddenSize, vocabSize } = model.decoder;
  const output = model.outputLayer(vocabSize).data as Float32Array;
  const logits = new Float32Array(text.length * vocabSize);
  for (let row = 0; row < text.length; row++) {
    for (let token = 0; token < vocabSize; token++) {
      let sum = 0;
      for (let at = 0; at < hiddenSize; at++) sum += hidden[row * hiddenSize + at]! * output[token * hiddenSize + at]!;
      logits[row * vocabSize + token] = sum;
    }
  }
  return logits;
}
