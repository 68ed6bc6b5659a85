import { ROPE_FACTORS } from '../../model/gguf/rope-scaling.ts';
import { yarnFactor } from '../../nn/attention-factor.ts';
import type { ModelConfig } from '../../nn/config.ts';
import type { Described } from './describe.ts';
import { unplaced } from './unplaced.ts';

const OUTPUT = 'output.weight';
const QUERY_BIAS = 'blk.0.attn_q.bias';
const JOINED_BIAS = 'blk.0.attn_qkv.bias';
const UP_BIAS = 'blk.0.ffn_up.bias';

/** What a model is that has one of these tensors, and what it is without. */
const WITH: Readonly<Record<string, string>> = {
  [ROPE_FACTORS]: 'whose rotary embedding is stretched as Llama 3\'s',
  [OUTPUT]: 'with an output layer of its own',
  [QUERY_BIAS]: 'with biases in its attention',
  [UP_BIAS]: 'with biases in its feed-forward',
};
const WITHOUT: Readonly<Record<string, string>> = { [OUTPUT]: 'whose output layer is its embedding', [JOINED_BIAS]: 'without biases in its attention' };

interface Places { never?: readonly string[]; always?: readonly string[]; wholeHeads?: true }

/**
 * Tensors that llama.cpp's graph of an architecture has no place for, and those that it demands: a file with one too many or
 * one too few is not opened. `wholeHeads`: all heads together must be as wide as the model.
 */
const ARCHITECTURES: Readonly<Record<string, Places>> = {
  qwen2: { never: [ROPE_FACTORS], wholeHeads: true },
  qwen3: { never: [ROPE_FACTORS, QUERY_BIAS] },
  gemma2: { never: [ROPE_FACTORS, OUTPUT] },
  gemma3: { never: [ROPE_FACTORS] },
  glm4: { never: [ROPE_FACTORS] },
  smollm3: { never: [ROPE_FACTORS, QUERY_BIAS, UP_BIAS] },
  olmo2: { never: [ROPE_FACTORS, QUERY_BIAS], always: [OUTPUT], wholeHeads: true },
  stablelm: { always: [OUTPUT] },
  gptneox: { always: [OUTPUT, JOINED_BIAS] },
};

/** @throws Problem where llama.cpp would not open the file, or compute otherwise with what its metadata can say */
export function refuseUnplaced(config: ModelConfig, { architecture, has }: Pick<Described, 'architecture' | 'has'>): void {
  const { never = [], always = [], wholeHeads } = ARCHITECTURES[architecture] ?? {};
  const extra = never.find((tensor) => has(tensor));
  if (extra !== undefined) throw unplaced(config, WITH[extra]!);
  const missing = always.find((tensor) => !has(tensor));
  if (missing !== undefined) throw unplaced(config, WITHOUT[missing]!);
  if (!('rope' in config)) return;
  if (wholeHeads && config.heads * config.headDim !== config.hiddenSize) throw unplaced(config, `whose ${config.heads} heads of ${config.headDim} are not as wide as its ${config.hiddenSize}`);
  const { scaling } = config.rope;
  if (scaling?.type === 'yarn' && scaling.attentionFactor !== null) {
    const own = yarnFactor({ factor: scaling.factor, mscale: null, mscaleAllDim: null });
    if (Math.abs(scaling.attentionFactor - own) > 1e-4) throw unplaced(config, `with the attention_factor ${scaling.attentionFactor}: it takes ${own.toFixed(4)} for the factor ${scaling.factor}`);
  }
  if (config.family === 'olmo' && config.windows.some((width) => width !== null) && config.windowRope.theta !== config.rope.theta) {
    throw unplaced(config, `with the rope_theta ${config.windowRope.theta} in layers with a window and ${config.rope.theta} in others`);
  }
}
