import type { TrainSettings } from '../../../contract/recipe.ts';
import { add, div, mul, sqrt, sub } from '../../../graph/ops/elementwise.ts';
import type { Value } from '../../../graph/value.ts';
import { FIRST, SECOND } from '../adamw.ts';
import { decays } from '../weight-decay.ts';
import { inBuffers, type FlatBuffer } from './layout.ts';
import type { FlatRule, Group, Guard } from './update-graph.ts';

/** AdamW as `adamw.ts` has it, over all weights at once: those that decay in buffers of their own. */
export function flatAdamw({ beta1, beta2, epsilon, weightDecay }: Pick<TrainSettings, 'beta1' | 'beta2' | 'epsilon' | 'weightDecay'>): FlatRule {
  return {
    groups: (trained) => [true, false].flatMap((decaying) => {
      const tensors = trained.filter(({ parameter }) => decays(parameter) === decaying).flatMap(({ parts }) => parts);
      return inBuffers(decaying ? 'decaying' : 'lasting', tensors, padded).map((buffer) => groupOf(buffer, decaying));
    }),
    scalars: (step, learningRate) => ({
      kept: 1 - learningRate * weightDecay,
      rate: learningRate / (1 - beta1 ** step),
      spread: 1 / Math.sqrt(1 - beta2 ** step),
    }),
  };

  function groupOf(buffer: FlatBuffer, decaying: boolean): Group {
    const [first, second] = [FIRST, SECOND].map((region) => stateBuffer(buffer, region)) as [FlatBuffer, FlatBuffer];
    return {
      buffers: [buffer],
      state: [first, second],
      update([gradient], [weights], state, guard) {
        const { graph } = gradient!;
        const given = (name: string): Value => graph.input(name, 'float32', []);
        const m = moved(state(first.name), gradient!, beta1, guard);
        const v = moved(state(second.name), mul(gradient!, gradient!), beta2, guard);
        const step = div(mul(m, guard.choose(given('rate'), 0)), add(mul(sqrt(v), given('spread')), epsilon));
        // By 1 as well: the node that makes the new weights may not read the old ones, in whose memory they come to lie.
        const kept = decaying ? mul(weights!, guard.choose(given('kept'), 1)) : mul(weights!, graph.scalar(1));
        return { weights: [sub(kept, step)], state: { [first.name]: m, [second.name]: v } };
      },
    };
  }
}

/** A running mean: what was there, and a share of what is new. */
function moved(old: Value, next: Value, share: number, guard: Guard): Value {
  return add(mul(old, guard.choose(share, 1)), mul(next, guard.choose(1 - share, 0)));
}

function stateBuffer({ name, length, places }: FlatBuffer, region: string): FlatBuffer {
  return { name: `${region} of ${name}`, length, places: places.map((place) => ({ ...place, name: `${place.name}.${region}` })) };
}

/** Long buffers are a whole number of rows of rows, so that sums over them are cut evenly. */
const padded = (length: number): number => {
  const unit = length > 2 ** 20 ? 2 ** 20 : 2 ** 10;
  return Math.ceil(length / unit) * unit;
};
