import type { Parameter } from './update-rule.ts';

/** Names that Transformers' Trainer spares; they catch what has two axes, such as T5's relative_attention_bias. */
const SPARED = [/bias/, /layernorm/, /rmsnorm/, /(?:^|\.)norm(?:$|\.)/, /_norm(?:$|\.)/];

/** Whether weight decay applies: to matrices only; norms and biases keep their scale. */
export function decays({ name, shape }: Parameter): boolean {
  return shape.length > 1 && !SPARED.some((pattern) => pattern.test(name.toLowerCase()));
}
