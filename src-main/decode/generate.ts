import type { Decoder } from '../nn/decoder.ts';
import type { Program } from '../runtime/program.ts';
import { int32, type Tensor } from '../runtime/tensor.ts';
import { KvCache } from './kv-cache.ts';
import { chooser, type Sampling } from './choose.ts';
import { SourceCache } from './source.ts';

export interface Prompt {
  tokens: Int32Array;
  /** Names the text among all others, so that its random numbers are its own whatever batch it is in. */
  id: number;
}

export interface GenerateOptions {
  maxNewTokens: number;
  /** Tokens that end a text; the one that does belongs to the completion. */
  eos: ReadonlySet<number>;
  sampling: Sampling;
  /** Called after every token with the texts that got one: for streaming. */
  onToken?(prompt: number, token: number): void;
  /** Stops at the next token; what is written so far is returned. */
  signal?: AbortSignal;
}

export interface Completion {
  tokens: Int32Array;
  /** Whether the text ended by itself rather than by its length. */
  ended: boolean;
}

/** What runs a model: its decoder, and what reads prompts for it where the model has an encoder. */
export interface DecodePrograms {
  /** Of a `decodeGraph`. */
  decode: Program;
  /** Of a `sourceGraph`. */
  source: Program | null;
}

/**
 * Continues every prompt, all of them together as one batch. Texts that end leave the batch.
 *
 * @param programs  whose choice is the sampling's
 * @param prompts   at least one token each
 */
export async function generate(programs: DecodePrograms, decoder: Decoder, prompts: readonly Prompt[], options: GenerateOptions): Promise<Completion[]> {
  const written = prompts.map(() => [] as number[]);
  const ended = prompts.map(() => false);
  if (prompts.length === 0 || options.maxNewTokens === 0) return finish();

  const source = programs.source && await SourceCache.read(programs.source, prompts.map(({ tokens }) => tokens));
  // What the decoder begins with.
  const openings = prompts.map(({ tokens }) => (decoder.encoder ? Int32Array.of(decoder.encoder.startId) : tokens));
  const longest = Math.max(...openings.map((opening) => opening.length));
  const cache = new KvCache(decoder, prompts.length, longest + options.maxNewTokens);
  const choose = chooser(options.sampling);
  /** Which prompt each row of the batch continues. */
  let active = prompts.map((_, at) => at);
  let feeds = promptFeeds(openings, longest);
  for (let step = 0; ; step++) {
    const rows = active.map((at) => ({ prompt: prompts[at]!, written: written[at]! }));
    const { past, present } = cache.tensors();
    const outputs = await programs.decode.run({ ...feeds, ...past, ...source?.inputs(), ...choose.inputs(rows, step) }, present);
    const next = choose.tokens(outputs, rows, step);
    active.forEach((at, row) => {
      written[at]!.push(next[row]!);
      ended[at] = options.eos.has(next[row]!);
      options.onToken?.(at, next[row]!);
    });
    const going = active.flatMap((at, row) => (ended[at] ? [] : [row]));
    if (going.length === 0 || step + 1 >= options.maxNewTokens || options.signal?.aborted) return finish();
    if (going.length < active.length) {
      cache.keep(going);
      source?.take(going);
      active = going.map((row) => active[row]!);
    }
    feeds = tokenFeeds(active.map((at) => openings[at]!.length + step), active.map((at) => written[at]![step]!));
  }

  function finish(): Completion[] {
    return prompts.map((_, at) => ({ tokens: Int32Array.from(written[at]!), ended: ended[at]! }));
  }
}

/** Texts as one batch, padded on the right; padding is never looked at. */
function promptFeeds(openings: readonly Int32Array[], longest: number): Record<string, Tensor> {
  const count = openings.length;
  const ids = new Int32Array(count * longest);
  const positions = new BigInt64Array(count * longest);
  openings.forEach((tokens, row) => {
    ids.set(tokens, row * longest);
    for (let at = 0; at < longest; at++) positions[row * longest + at] = BigInt(at);
  });
  const last = openings.map(({ length }) => length - 1);
  return {
    ids: int32(ids, [count, longest]),
    positions: { dtype: 'int64', shape: [count, longest], data: positions },
    last_row: int32(Int32Array.from(last, (at, row) => row * longest + at), [count]),
    last_position: int32(Int32Array.from(last), [count]),
    total_length: int32(Int32Array.of(longest), [1]),
  };
}

/** One new token a row, at the position where it stands. */
function tokenFeeds(positions: readonly number[], tokens: readonly number[]): Record<string, Tensor> {
  const count = tokens.length;
  return {
    ids: int32(Int32Array.from(tokens), [count, 1]),
    positions: { dtype: 'int64', shape: [count, 1], data: BigInt64Array.from(positions, BigInt) },
    last_row: int32(Int32Array.from({ length: count }, (_, row) => row), [count]),
    last_position: int32(Int32Array.from(positions), [count]),
    total_length: int32(Int32Array.of(Math.max(...positions) + 1), [1]),
  };
}

