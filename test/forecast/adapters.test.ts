import { expect, it } from 'vitest';
import { adapterSchema } from '../../src-main/contract/adapter.ts';
import type { Products } from '../../src-main/contract/products.ts';
import { fittingExamples } from '../../src-main/distill/activations.ts';
import { forecastMemory } from '../../src-main/forecast/memory-forecast.ts';
import { trainedAdapter } from '../../src-main/model/adapter/trained-adapter.ts';
import { readConfig } from '../../src-main/model/config/read-config.ts';
import type { Model } from '../../src-main/model/load-model.ts';
import { buildDecoder, listParameters } from '../../src-main/nn/build.ts';
import { ENCODINGS, type FileEncoding } from '../../src-main/nn/weights/encodings/encodings.ts';
import { methodOf, parseRecipe } from '../../src-main/service/recipe/recipe-file.ts';

const GIB = 2 ** 30;

/** Qwen3's: width, width of the feed-forward, layers, heads. */
const SHAPES = { '0.6B': [1024, 3072, 28, 16], '1.7B': [2048, 6144, 28, 16], '4B': [2560, 9728, 36, 32] } as const;

/** Any two places: one would be one model. */
const here = (shape: string): string => (shape === '1.7B' ? import.meta.dirname : import.meta.filename);

/** A model by its headers: a folder in bfloat16, or a GGUF file in one type. */
function modelOf(shape: keyof typeof SHAPES, encoding: FileEncoding): Model {
  const [hidden_size, intermediate_size, num_hidden_layers, num_attention_heads] = SHAPES[shape];
  const config = readConfig('config.json', {
    model_type: 'qwen3', vocab_size: 151_936, hidden_size, intermediate_size, num_hidden_layers, num_attention_heads, num_key_value_heads: 8, head_dim: 128,
    max_position_embeddings: 4096, rms_norm_eps: 1e-6, rope_theta: 1e6, tie_word_embeddings: true, attention_bias: false, hidden_act: 'silu',
  });
  const parameters = listParameters(config);
  const place = (name: string): object => {
    const { shape: [rows, width = 1] } = parameters.find((parameter) => parameter.name === name)!;
    const as = width === 1 ? 'F32' : encoding;
    const { elements, bytes } = ENCODINGS[as];
    return { encoding: as, rows, width, bytes: rows! * (width / elements) * bytes, isTurned: false, pairedHeads: null, joinedHeads: null };
  };
  return { folder: { path: here(shape), kind: encoding === 'BF16' ? 'folder' : 'gguf', config, place }, decoder: buildDecoder(config), parameters } as unknown as Model;
}

interface Case { student: Model; teacher: Model; precision: 'fp32' | 'int8' | 'int4'; products?: Products }

function peakOf({ student, teacher, precision, products }: Case): number {
  const recipe = parseRecipe({
    name: 'measured', teacher: { model: 'teacher' }, student: { model: 'student', adapter: adapterSchema.parse({}), precision, ...(products && { products }) },
    data: { train: 'data.jsonl', prompt: '{{q}}', completion: '{{a}}', maxPromptTokens: 64, maxCompletionTokens: 64 },
    method: { preset: 'gkd', lambda: 1 }, train: { steps: 2, batchSize: 4 },
  }, 'test');
  return forecastMemory({
    recipe, heldOut: recipe.data, method: methodOf(recipe), student, adapter: trainedAdapter(student.folder, recipe.student), shipping: null, teacher,
    sharedVocabulary: 151_936, microBatchSize: Math.min(4, fittingExamples(recipe, student)), train: null, writesAnswers: false,
  }).peak / GIB;
}

const small = (precision: Case['precision'], products?: Products): Case => ({ student: modelOf('0.6B', 'BF16'), teacher: modelOf('1.7B', 'Q4_K'), precision, ...(products && { products }) });

/** GiB resident at most of two or three steps of random models of these shapes, measured on Linux (two cores, Node 20): docs/benchmarks.md. */
const measured: [string, Case, number][] = [
  ['0.6B beside int8', small('int8'), 3.67],
  ['0.6B beside int8 with fast products', small('int8', 'fast'), 3.59],
  ['0.6B beside int4', small('int4'), 3.47],
];
it.each(measured)('the peak of adapters of %s is within 15 % of what was measured', (_, of, gib) => {
  const peak = peakOf(of);
  expect(peak).toBeGreaterThan(0.85 * gib);
  expect(peak).toBeLessThan(1.15 * gib);
});
