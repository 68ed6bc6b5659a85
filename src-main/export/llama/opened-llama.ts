import { availableParallelism } from 'node:os';
import type { FoundLlama, Llama, LlamaContext, LlamaModel, LlamaSequence } from './find-llama.ts';

/** Tokens that are judged at once: llama.cpp keeps the logits of all of them. */
const AT_ONCE = 256;

/** Its threads wait for each other by spinning: on more than half of the cores of a machine that does something besides, they take longer. */
const THREADS = Math.max(1, Math.floor(availableParallelism() / 2));

/** Nothing is fetched and nothing built: what is not there is not used. */
export const QUIET = { gpu: false, build: 'never', skipDownload: true, progressLogs: false, logger: () => undefined } as const;

/** One text at a time, its keys and values in float32, so that what differs is the file. @param length  of the longest text */
export const contextSettings = (length: number): Readonly<Record<string, unknown>> => ({
  contextSize: length, sequences: 1, threads: THREADS, flashAttention: false, ignoreMemorySafetyChecks: true, swaFullCache: true,
  experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32',
});

/** A GGUF file as llama.cpp opens it, on the CPU. */
export class OpenedLlama {
  private readonly llama: Llama;
  private readonly model: LlamaModel;
  private readonly context: LlamaContext;
  private readonly sequence: LlamaSequence;

  private constructor(llama: Llama, model: LlamaModel, context: LlamaContext) {
    this.llama = llama;
    this.model = model;
    this.context = context;
    this.sequence = context.getSequence();
  }

  /**
   * @param length  of the longest text that is read or written
   * @param lora    an adapter's file, with which the model is opened
   */
  static async open({ library }: FoundLlama, path: string, length: number, lora?: string): Promise<OpenedLlama> {
    const llama = await library.getLlama(QUIET);
    try {
      const model = await llama.loadModel({ modelPath: path, gpuLayers: 0, ignoreMemorySafetyChecks: true });
      const context = await model.createContext({ ...contextSettings(length), ...(lora !== undefined && { lora: { adapters: [{ filePath: lora }] } }) });
      return new OpenedLlama(llama, model, context);
    } catch (error) {
      await llama.dispose();
      throw error;
    }
  }

  get version(): string {
    return this.llama.llamaCppRelease.release;
  }

  /** With special tokens in the text as such, and none around it. */
  tokenize(text: string): number[] {
    return [...this.model.tokenize(text, true)];
  }

  /** Whether an answer ends there. */
  ends(token: number): boolean {
    return this.model.isEogToken(token);
  }

  /** The greedy continuation of a prompt, with the token that ends it, and the milliseconds of all its tokens but the first. */
  async write(prompt: Int32Array, newTokens: number, stops: ReadonlySet<number>, signal: AbortSignal): Promise<{ tokens: number[]; ms: number }> {
    await this.sequence.clearHistory();
    const tokens: number[] = [];
    let begun = 0;
    for await (const token of this.sequence.evaluate([...prompt], { temperature: 0, yieldEogToken: true })) {
      signal.throwIfAborted();
      tokens.push(token);
      if (tokens.length === 1) begun = performance.now();
      if (tokens.length === newTokens || stops.has(token)) break;
    }
    return { tokens, ms: performance.now() - begun };
  }

  /** Of each token of a completion: its surprise in nats, and the token that llama.cpp has on top there. */
  async judge(prompt: Int32Array, completion: Int32Array, signal: AbortSignal): Promise<{ surprise: number; top: number }[]> {
    await this.sequence.clearHistory();
    const told = [...prompt, ...completion].map((token, at): number | readonly [number, object] => {
      const next = at + 1 - prompt.length;
      if (next < 0 || next >= completion.length) return token;
      return [token, { generateNext: { token: true, logits: { filter: { tokens: [completion[next]!], includeSelected: true } }, totalLogitWeight: true, options: { temperature: 0 } } }];
    }).slice(0, -1);
    const judged: { surprise: number; top: number }[] = [];
    for (let from = 0; from < told.length; from += AT_ONCE) {
      signal.throwIfAborted();
      const outputs = await this.sequence.controlledEvaluate(told.slice(from, from + AT_ONCE));
      outputs.forEach((output, at) => {
        if (!output) return;
        const { logits, totalLogitWeight, token } = output.next;
        const largest = logits!.get(token!)!;
        judged.push({ surprise: largest + Math.log(totalLogitWeight!) - logits!.get(completion[from + at + 1 - prompt.length]!)!, top: token! });
      });
    }
    return judged;
  }

  async release(): Promise<void> {
    await this.context.dispose();
    await this.model.dispose();
    await this.llama.dispose();
  }
}
