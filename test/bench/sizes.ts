import { TASKS, type Task } from './plan.ts';

/** A llama with tied embeddings; the names are those of a Hugging Face config. */
export interface Shape {
  num_hidden_layers: number;
  hidden_size: number;
  intermediate_size: number;
  num_attention_heads: number;
  num_key_value_heads: number;
}

export interface Size {
  name: string;
  vocabulary: number;
  student: Shape;
  teacher: Shape;
  batch: number;
  /** Tokens of a prompt, and of what follows it; together the length of a text. */
  prompt: number;
  completion: number;
  tasks: readonly Task[];
  /** Measurements of each peer. */
  rounds: number;
}

const shape = (layers: number, width: number, feedForward: number, heads: number, kvHeads = heads): Shape => ({
  num_hidden_layers: layers, hidden_size: width, intermediate_size: feedForward, num_attention_heads: heads, num_key_value_heads: kvHeads,
});
/** SmolLM2-135M. */
const SMOLLM = shape(30, 576, 1536, 9, 3);
/** SmolLM2-360M. */
const SMOLLM_360 = shape(32, 960, 2560, 15, 5);

export const SIZES: readonly Size[] = [
  {
    name: '1M', vocabulary: 1000, student: shape(4, 128, 344, 4), teacher: shape(8, 256, 688, 4),
    batch: 32, prompt: 32, completion: 32, tasks: ['step', 'iteration'], rounds: 15,
  },
  {
    name: '14M', vocabulary: 8192, student: shape(6, 384, 1024, 6), teacher: shape(12, 768, 2048, 12),
    batch: 8, prompt: 64, completion: 64, tasks: ['step', 'iteration', 'int8', 'int8-fast', 'int4', 'int4-fast'], rounds: 9,
  },
  {
    name: '135M', vocabulary: 49152, student: SMOLLM, teacher: SMOLLM,
    batch: 4, prompt: 64, completion: 64, tasks: TASKS, rounds: 5,
  },
  {
    name: '360M', vocabulary: 49152, student: SMOLLM_360, teacher: SMOLLM_360,
    batch: 4, prompt: 64, completion: 64, tasks: ['adapters'], rounds: 3,
  },
];
