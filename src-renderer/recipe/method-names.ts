import type { PresetName } from '../../src-main/contract/presets.ts';

/** Methods as a person calls them; their codes are for recipes. */
export const METHOD_NAMES: Readonly<Record<PresetName, string>> = {
  'sft': 'Supervised fine-tuning', 'supervised-kd': 'Supervised distillation', 'seqkd': 'Sequence-level distillation', 'imitkd': 'ImitKD',
  'f-distill': 'f-Distill', 'minillm': 'MiniLLM', 'on-policy-kd': 'On-policy distillation', 'gkd': 'Generalized (GKD)', 'self-distill': 'Self-distillation',
  'rl-gkd': 'Distillation with a reward', 'distillspec': 'DistillSpec',
};
