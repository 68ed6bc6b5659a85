import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../contract/problem.ts';
import { isJsonObject, type JsonObject } from '../../files/json-object.ts';
import { readJsonFile } from '../../files/json-file.ts';
import { encodePair, type TextPair } from '../../text/tokenizer/text-pair.ts';
import { loadTokenizer, type Tokenizer } from '../../text/tokenizer/tokenizer.ts';
import { OnnxModel } from '../../runtime/ort/onnx-model.ts';

/** Pairs read at once. */
const AT_ONCE = 16;
const OUTPUT = 'logits';
/** What models of the BERT, RoBERTa and DeBERTa kind read. */
const INPUTS = ['input_ids', 'attention_mask', 'token_type_ids'] as const;
type Input = (typeof INPUTS)[number];

/** A model that sorts pairs of texts into classes: an ONNX folder as Optimum writes it. */
export class Classifier {
  /** The classes' names, by their place. */
  readonly labels: readonly string[];
  private readonly model: OnnxModel;
  private readonly tokenizer: Tokenizer;
  private readonly limit: number;

  private constructor(model: OnnxModel, tokenizer: Tokenizer, labels: readonly string[], limit: number) {
    this.model = model;
    this.tokenizer = tokenizer;
    this.labels = labels;
    this.limit = limit;
  }

  /** @throws Problem where the folder is no such model */
  static async open(folder: string, threads: number): Promise<Classifier> {
    const config = await readJsonFile(join(folder, 'config.json'));
    if (!config) throw new Problem(`${folder} has no config.json.`, { hint: 'Give the folder of a sequence classification model, exported to ONNX.' });
    const labels = labelsOf(config, folder);
    const file = ['model.onnx', join('onnx', 'model.onnx')].map((name) => join(folder, name)).find((path) => existsSync(path));
    if (file === undefined) {
      throw new Problem(`${folder} has no model.onnx.`, { hint: 'Export the model with: optimum-cli export onnx --task text-classification' });
    }
    const tokenizer = await loadTokenizer(folder);
    const limit = lengthLimit(config, await readJsonFile(join(folder, 'tokenizer_config.json')) ?? {});
    const model = await OnnxModel.open(file, threads);
    const strange = model.inputs.find((name) => !INPUTS.some((known) => known === name));
    if (strange !== undefined || !model.outputs.includes(OUTPUT)) {
      await model.release();
      throw new Problem(`${file} is no sequence classification model: it ${strange === undefined ? `has no output "${OUTPUT}"` : `reads "${strange}"`}.`, {
        hint: `Its inputs have to be of ${INPUTS.join(', ')}, its output "${OUTPUT}".`,
      });
    }
    return new Classifier(model, tokenizer, labels, limit);
  }

  /** Probability of one class for each pair of texts. */
  async probabilities(pairs: readonly (readonly [first: string, second: string])[], label: number): Promise<Float32Array> {
    const encoded = pairs.map(([first, second]) => encodePair(this.tokenizer, first, second, this.limit));
    const result = new Float32Array(pairs.length);
    for (let start = 0; start < encoded.length; start += AT_ONCE) {
      const part = encoded.slice(start, start + AT_ONCE);
      const logits = await this.read(part);
      const width = logits.length / part.length;
      if (width !== this.labels.length) throw new Problem(`The classification model gave ${width} numbers a text, and config.json names ${this.labels.length} labels.`);
      part.forEach((_, row) => { result[start + row] = probabilityOf(logits.subarray(row * width, (row + 1) * width), label); });
    }
    return result;
  }

  release(): Promise<void> {
    return this.model.release();
  }

  /** Logits [pairs, labels]; shorter pairs are padded on the right and masked. */
  private read(pairs: readonly TextPair[]): Promise<Float32Array> {
    const width = Math.max(...pairs.map(({ ids }) => ids.length));
    const pad = BigInt(this.tokenizer.padId ?? 0);
    const filled = (rows: readonly (readonly number[])[], rest: bigint): BigInt64Array => {
      const data = new BigInt64Array(rows.length * width).fill(rest);
      rows.forEach((row, at) => { data.set(row.map(BigInt), at * width); });
      return data;
    };
    const inputs: Record<Input, BigInt64Array> = {
      input_ids: filled(pairs.map(({ ids }) => ids), pad),
      attention_mask: filled(pairs.map(({ ids }) => ids.map(() => 1)), 0n),
      token_type_ids: filled(pairs.map(({ types }) => types), 0n),
    };
    return this.model.run(Object.fromEntries(Object.entries(inputs).filter(([name]) => this.model.inputs.includes(name))), [pairs.length, width], OUTPUT);
  }
}

function labelsOf(config: JsonObject, folder: string): string[] {
  const names = config['id2label'];
  const entries = isJsonObject(names) ? Object.entries(names).sort(([a], [b]) => Number(a) - Number(b)) : [];
  if (entries.length === 0) throw new Problem(`${folder} names no labels.`, { hint: 'Its config.json needs id2label.' });
  return entries.map(([, name]) => String(name));
}

/** The most tokens that the model reads. Its tokenizer's own word on it may be a number without meaning, such as 1e30. */
function lengthLimit(config: JsonObject, tokenizerConfig: JsonObject): number {
  const [said, positions] = [tokenizerConfig['model_max_length'], config['max_position_embeddings']];
  // RoBERTa counts positions from behind the padding token's id.
  const offset = String(config['model_type']).includes('roberta') ? Number(config['pad_token_id'] ?? 1) + 1 : 0;
  return Math.min(typeof said === 'number' ? said : Infinity, typeof positions === 'number' && positions > 0 ? positions - offset : Infinity);
}

/** Of several classes by softmax; of a single one, which is a yes or no, by the logistic function. */
function probabilityOf(logits: Float32Array, label: number): number {
  if (logits.length === 1) return 1 / (1 + Math.exp(-logits[0]!));
  return 1 / logits.reduce((total, logit) => total + Math.exp(logit - logits[label]!), 0);
}
