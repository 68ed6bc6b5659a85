import type { GemmaConfig } from './families/gemma.ts';
import type { GlmConfig } from './families/glm.ts';
import type { GptNeoXConfig } from './families/gpt-neox.ts';
import type { Gpt2Config } from './families/gpt2.ts';
import type { GptOssConfig } from './families/gpt-oss.ts';
import type { GraniteConfig } from './families/granite.ts';
import type { Lfm2Config } from './families/lfm2.ts';
import type { LlamaConfig } from './families/llama.ts';
import type { MinistralConfig } from './families/ministral.ts';
import type { OlmoConfig } from './families/olmo.ts';
import type { Phi3Config } from './families/phi3.ts';
import type { Qwen35Config } from './families/qwen3-5.ts';
import type { Qwen3MoeConfig } from './families/qwen3-moe.ts';
import type { SmolLm3Config } from './families/smollm3.ts';
import type { StableLmConfig } from './families/stablelm.ts';
import type { T5Config } from './families/t5.ts';

/** The normalized description of a model: what its family's definition in `nn/families` needs. */
export type ModelConfig =
  | GemmaConfig
  | GlmConfig
  | GptNeoXConfig
  | Gpt2Config
  | GptOssConfig
  | GraniteConfig
  | Lfm2Config
  | LlamaConfig
  | MinistralConfig
  | OlmoConfig
  | Phi3Config
  | Qwen35Config
  | Qwen3MoeConfig
  | SmolLm3Config
  | StableLmConfig
  | T5Config;
