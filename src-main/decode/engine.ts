import type { Tensor } from '../runtime/tensor.ts';
import type { Hypothesis } from './beam-search.ts';
import type { Choice } from './decode-graph.ts';
import type { Opening, SessionSize } from './opening.ts';
import type { Completion, GenerateOptions, Prompt } from './writing.ts';
import type { BeamSampling, TokenSampling } from './sampling.ts';

/** What computes the texts of a writer: sessions of the host, whose weights are constants, or a device on which all of it lies. */
export interface Engine {
  /** Continues every prompt, all of them together as one batch. */
  generate(prompts: readonly Prompt[], options: GenerateOptions<TokenSampling>): Promise<Completion[]>;
  /** The best continuations of every prompt by beam search, best first; all prompts in one batch. */
  generateBeams(prompts: readonly Prompt[], options: GenerateOptions<BeamSampling>): Promise<Hypothesis[][]>;
  /** A batch of texts whose tokens are chosen outside. @param prompts  a row for each */
  grow(prompts: readonly Opening[], size: SessionSize): Promise<GrowingTexts>;
  /** A text that is read on in steps of any length. @param newTokens  most tokens after what it begins with */
  read(opening: Opening, newTokens: number): Promise<OneText>;
  release(): Promise<void>;
}

/** A batch of texts that grow by a token a step, for whoever chooses it. */
export interface GrowingTexts {
  /** The tokens of each row: its opening (the prompt, or an encoder-decoder's start token, and what is begun) and every token fed. */
  readonly rows: readonly (readonly number[])[];
  /** Runs what was fed last. @param extra  what the graph's way of choosing needs @returns what it gives, logits [rows, vocabulary] where it chooses nothing */
  run(extra?: Record<string, Tensor>): Promise<Readonly<Record<string, Tensor>>>;
  /** Goes on with these rows, in this order; a row may come more than once. */
  take(rows: readonly number[]): Promise<void> | void;
  /** Gives every row its next token. */
  feed(tokens: readonly number[]): void;
  release(): void;
}

/** One text that a model reads on in steps of any length, and goes back in. */
export interface OneText {
  /** What the model has of the text with these new tokens: what processors are told. */
  with(tokens: readonly number[]): number[];
  /** Logits [vocabulary] of the token after each of the last `told` tokens of the text with these new ones. */
  logits(tokens: readonly number[], told: number): Promise<Float32Array[]>;
  release(): void;
}

export interface TextWriterSettings {
  /** Ids below this may be written. */
  vocabulary: number;
  /** The longest prompt and completion together. */
  maxLength: number;
  /** `choiceOf` the sampling that is going to be used. */
  choice: Choice;
  /** Weights that are read at every token as they are then, while all others stay as they are: adapters that are trained. */
  changing?: ReadonlySet<string> | undefined;
}

/** Everything about an engine but its weights' values. */
export interface EnginePlan {
  /** Whether an engine is right, and worth its memory, for as long as the model is trained. */
  readonly isLasting: boolean;
  /** Takes the weights as they are now. */
  open(): Promise<Engine>;
}
