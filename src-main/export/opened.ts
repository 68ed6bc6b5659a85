import { InferenceSession, Tensor } from 'onnxruntime-node';
import { inMoves, releaseAll } from '../runtime/in-moves.ts';
import type { Decoder } from '../nn/decoder.ts';

/** What an exported model made of a text so far, to be handed in with its continuation. */
export interface Past { length: number; tensors: Record<string, Tensor> }

/** Logits [length, vocabulary] of new tokens. */
export interface Step { logits: Float32Array; past: Past }

/** An exported model, opened as any program would open it. */
export interface OpenedModel {
  /** Whether an encoder reads the prompt; the tokens of a text then begin after `startId`. */
  readonly startId: number | null;
  /** @param prompt  what an encoder reads, the same for all of a text; a decoder alone has it among its tokens */
  run(prompt: Int32Array, tokens: Int32Array, past: Past | null): Promise<Step>;
  release(): Promise<void>;
}

/** @param paths  of the parts, in the order of `exportedParts` */
export async function openExported(paths: readonly string[], decoder: Decoder): Promise<OpenedModel> {
  return inMoves(async (keep) => {
    const sessions: InferenceSession[] = [];
    for (const path of paths) sessions.push(keep(await InferenceSession.create(path, { logSeverityLevel: 3 })));
    const [first, second] = sessions;
    return { startId: decoder.encoder?.startId ?? null, release: () => releaseAll(sessions), run: second ? sourceRunner(first!, second, decoder) : runner(first!, decoder) };
  });
}

function runner(session: InferenceSession, { layers, kvHeads, headDim, convolutions }: Decoder): OpenedModel['run'] {
  const empty = Object.fromEntries(Array.from({ length: layers }, (_, layer): [string, Tensor][] => {
    const states = convolutions.get(layer);
    if (!states) return ['key', 'value'].map((part) => [`past_key_values.${layer}.${part}`, nothing(kvHeads, headDim)]);
    const { width, reach, memory } = states;
    return [[`past_conv.${layer}`, zeros(width, reach + 1)], ...(memory ? [[`past_recurrent.${layer}`, zeros(...memory)] as [string, Tensor]] : [])];
  }).flat());
  return async (_, tokens, past) => {
    const before = past?.length ?? 0;
    const { logits, ...present } = await session.run({
      input_ids: int64([...tokens]),
      attention_mask: int64(Array.from({ length: before + tokens.length }, () => 1)),
      position_ids: int64(Array.from(tokens, (__, at) => before + at)),
      ...(past?.tensors ?? empty),
    });
    return { logits: logits!.data as Float32Array, past: { length: before + tokens.length, tensors: asPast(present) } };
  };
}

function sourceRunner(encoder: InferenceSession, session: InferenceSession, { layers, kvHeads, headDim }: Decoder): OpenedModel['run'] {
  const names = namesOf(layers, ['decoder.key', 'decoder.value', 'encoder.key', 'encoder.value']);
  const empty = Object.fromEntries(names.map((name) => [name, nothing(kvHeads, headDim)]));
  /** The prompt read last: a text's tokens come one after the other. */
  let read: { prompt: Int32Array; mask: Tensor; states: Tensor } | undefined;
  return async (prompt, tokens, past) => {
    if (read?.prompt !== prompt) {
      const mask = int64(Array.from(prompt, () => 1));
      const { last_hidden_state: states } = await encoder.run({ input_ids: int64([...prompt]), attention_mask: mask });
      read = { prompt, mask, states: states! };
    }
    const { logits, ...present } = await session.run({
      input_ids: int64([...tokens]), encoder_attention_mask: read.mask, encoder_hidden_states: read.states, ...(past?.tensors ?? empty),
    });
    return { logits: logits!.data as Float32Array, past: { length: (past?.length ?? 0) + tokens.length, tensors: asPast(present) } };
  };
}

const int64 = (numbers: readonly number[]): Tensor => new Tensor('int64', BigInt64Array.from(numbers, BigInt), [1, numbers.length]);
const nothing = (heads: number, width: number): Tensor => new Tensor('float32', new Float32Array(), [1, heads, 0, width]);
const zeros = (...shape: number[]): Tensor => new Tensor('float32', new Float32Array(shape.reduce((size, dim) => size * dim, 1)), [1, ...shape]);
const namesOf = (layers: number, parts: readonly string[]): string[] =>
  Array.from({ length: layers }, (_, layer) => parts.map((part) => `past_key_values.${layer}.${part}`)).flat();
const asPast = (present: InferenceSession.OnnxValueMapType): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(present).map(([name, tensor]) => [name.replace(/^present_/, 'past_').replace('present', 'past_key_values'), tensor]));
