import type { JsonObject } from '../../files/json-object.ts';
import type { OlmoConfig } from '../../nn/families/olmo.ts';
import { readDecoder } from './decoder.ts';
import { Fields } from './fields.ts';
import { INERT_FIELDS } from './inert.ts';
import { readRope, readRopeByKind } from './rope.ts';
import { fullAttention, patternWindows } from './windows.ts';

const DEFAULTS = {
  vocabSize: 50_304, hiddenSize: 4096, layers: 32, heads: 32, kvHeads: null, headDim: null, intermediateSize: 11_008, normEpsilon: 1e-5,
  contextLength: 2048, tied: false, activation: 'silu',
} as const;

/** Reads a config of OLMo 2 or 3. Throws a `Problem` that names the field and its value. */
export function readOlmoConfig(where: string, modelType: 'olmo2' | 'olmo3', raw: JsonObject): OlmoConfig {
  const fields = new Fields(where, raw);
  const decoder = readDecoder(fields, DEFAULTS);
  const config: OlmoConfig = {
    family: 'olmo', modelType, ...decoder,
    ...(modelType === 'olmo3' ? third(fields, where, decoder) : second(fields, where, decoder)),
    attentionBias: fields.flag('attention_bias', false),
  };
  fields.ignore(INERT_FIELDS);
  fields.refuseRest();
  return config;
}

type Positions = Pick<OlmoConfig, 'rope' | 'windowRope' | 'windows'>;
type Sizes = Pick<OlmoConfig, 'layers' | 'contextLength' | 'headDim'>;

function second(fields: Fields, where: string, sizes: Sizes): Positions {
  const rope = readRope(fields, where, sizes);
  return { rope, windowRope: rope, windows: fullAttention(fields, sizes.layers) };
}

function third(fields: Fields, where: string, sizes: Sizes): Positions {
  const { full, windowed } = readRopeByKind(fields, where, sizes, { full: 500_000, windowed: 500_000 });
  return { rope: full, windowRope: windowed, windows: patternWindows(fields, sizes.layers, { width: 4096, isFull: (layer) => (layer + 1) % 4 === 0 }) };
}
