import type { GemmaConfig } from './families/gemma.ts';
import type { Gpt2Config } from './families/gpt2.ts';
import type { LlamaConfig } from './families/llama.ts';
import type { T5Config } from './families/t5.ts';

/** The normalized description of a model: what its family's definition in `nn/families` needs. */
export type ModelConfig = LlamaConfig | GemmaConfig | Gpt2Config | T5Config;
