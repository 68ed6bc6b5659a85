import type { TrainSettings } from '../../contract/recipe.ts';
import type { Parameter, UpdateRule } from './update-rule.ts';
import { decays } from './weight-decay.ts';

/** PyTorch's names of the two moments. */
export const FIRST = 'exp_avg';
export const SECOND = 'exp_avg_sq';

/**
 * AdamW as `torch.optim.AdamW` computes it (Loshchilov and Hutter 2019): with gradient g, step t, learning rate lr,
 *
 *     w <- w (1 - lr decay)            m <- m + (1 - beta1) (g - m)          v <- beta2 v + (1 - beta2) g^2
 *     w <- w - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
 */
export function adamw(settings: Pick<TrainSettings, 'beta1' | 'beta2' | 'epsilon' | 'weightDecay' | 'moments'>): UpdateRule {
  const { beta1, beta2, epsilon, weightDecay } = settings;
  const isHalf = settings.moments === 'bf16';
  return {
    stateRegions: ({ shape }) => [{ name: FIRST, shape, isHalf }, { name: SECOND, shape, isHalf }],
    update(parameter, parts, { step, learningRate, gradientScale }) {
      const decay = decays(parameter) ? 1 - learningRate * weightDecay : 1;
      parts.forEach(({ kernel, weights, gradients, state }, part) => {
        const terms = [
          weights.offset, gradients.offset, state(FIRST).offset, state(SECOND).offset, weights.bytes,
          gradientScale, decay, 1 - beta1, beta2, 1 - beta2,
          1 / Math.sqrt(1 - beta2 ** step), epsilon, learningRate / (1 - beta1 ** step),
        ] as const;
        if (isHalf) kernel.adamwHalf(...terms, seedOf(parameter, part, step));
        else kernel.adamw(...terms);
      });
    },
  };
}

/** What a parameter's moments are rounded by in a step: other chance for each of both, the same whenever the step is made again. */
function seedOf({ name }: Parameter, part: number, step: number): number {
  let hash = 0x811c9dc5;
  for (const letter of `${name} ${part} ${step}`) hash = Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193);
  return hash | 0;
}
