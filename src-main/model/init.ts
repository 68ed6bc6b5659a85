import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Problem } from '../contract/problem.ts';
import { fillNormal } from '../contract/random.ts';
import { listParameters, type ParameterSpec } from '../nn/build.ts';
import type { ModelConfig } from '../nn/config.ts';
import type { JsonObject } from '../files/json-object.ts';
import { checkSizes } from './config/check-sizes.ts';
import { readConfig } from './config/read-config.ts';
import { textPart } from './config/text-part.ts';
import { readJsonFile } from '../files/json-file.ts';
import { inFolder } from '../text/companions.ts';
import { loadTokenizer, type Tokenizer } from '../text/tokenizer/tokenizer.ts';
import { refuseOnlyTeaches } from './only-teaches.ts';
import { publishModel } from './write-folder.ts';

export interface InitSettings {
  /** A `config.json` or a folder that has one. */
  readonly config: string;
  /** A folder with a tokenizer, or its `tokenizer.json`. */
  readonly tokenizer: string;
  readonly to: string;
  readonly seed: number;
}

/** Elements drawn at once; part of what a seed means. */
const PIECE = 1 << 20;

/** Writes a new model folder with random weights. Throws a `Problem` where config or tokenizer don't fit, or `to` exists. */
export async function initModel({ config: configPath, tokenizer: tokenizerPath, to, seed }: InitSettings): Promise<void> {
  const file = isFolder(configPath) ? join(configPath, 'config.json') : configPath;
  const written = await readJsonFile(file);
  if (!written) throw new Problem(`there is no config ${file}`, { hint: 'Give a config.json or a folder that has one.' });
  const raw = textPart(written, false);
  checkSizes(file, raw, null);
  const config = readConfig(file, raw);
  refuseOnlyTeaches(file, config, 'a fresh one could never learn');
  const folder = folderOfTokenizer(tokenizerPath);
  const tokenizer = await loadTokenizer(folder);
  if (config.vocabSize < tokenizer.vocabularySize) {
    throw new Problem(`${file}: vocab_size is ${config.vocabSize}, but the tokenizer has ${tokenizer.vocabularySize} tokens`, {
      hint: `Set vocab_size to ${tokenizer.vocabularySize} or more.`,
    });
  }
  const [field, usual] = config.family === 't5' ? ['initializer_factor', 1] as const : ['initializer_range', 0.02] as const;
  const range = typeof raw[field] === 'number' ? raw[field] : usual;
  await publishModel(to, {
    from: { companions: inFolder(folder), rawConfig: raw },
    config: withTokens(raw, tokenizer),
    tensors: listParameters(config).map((parameter, index) => (
      { ...parameter, data: initialValues(parameter, config, range, seed, index) })),
    precision: 'fp32',
  });
}

/** As Transformers begins: matrices normal, norms one, biases zero. */
async function* initialValues({ name, shape }: ParameterSpec, config: ModelConfig, range: number, seed: number, index: number): AsyncGenerator<Float32Array> {
  const deviation = deviationOf(name, config, range);
  const elements = shape.reduce((product, size) => product * size, 1);
  for (let at = 0; at < elements; at += PIECE) {
    const piece = new Float32Array(Math.min(PIECE, elements - at));
    if (shape.length > 1) fillNormal(piece, seed, { purpose: 'init', example: index, step: at / PIECE }, deviation);
    // Gemma's norms are stored as distances from one.
    else if (name.endsWith('.weight') && config.family !== 'gemma') piece.fill(1);
    yield piece;
  }
}

/** The first weights' standard deviation, as each family's classes in Transformers choose it. */
function deviationOf(name: string, config: ModelConfig, range: number): number {
  switch (config.family) {
    // Projections into the residual stream are smaller.
    case 'gpt2': return name.endsWith('c_proj.weight') ? range / Math.sqrt(2 * config.layers) : range;
    case 't5': {
      const { hiddenSize, heads, headDim, intermediateSize } = config;
      if (/^(shared|lm_head)\./.test(name)) return range;
      if (/\.q\.weight$/.test(name)) return range / Math.sqrt(hiddenSize * headDim);
      if (/\.o\.weight$/.test(name)) return range / Math.sqrt(heads * headDim);
      return range / Math.sqrt(/\.wo\.weight$/.test(name) ? intermediateSize : hiddenSize);
    }
    default: return range;
  }
}

/** A config may come from elsewhere; the tokenizer knows the ids. */
function withTokens(raw: JsonObject, { bosId, eosIds, padId }: Tokenizer): JsonObject {
  return { ...raw, bos_token_id: bosId, eos_token_id: eosIds.length > 1 ? eosIds : eosIds[0] ?? null, pad_token_id: padId };
}

function folderOfTokenizer(path: string): string {
  if (isFolder(path)) return path;
  // What stands beside the file belongs to the tokenizer too, so the file is found by its folder.
  if (basename(path) === 'tokenizer.json') return dirname(path);
  throw new Problem(`there is no tokenizer ${path}`, { hint: 'Give a folder with a tokenizer.json, or that file.' });
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
