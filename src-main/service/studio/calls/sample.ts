import { sampleRecipe } from '../../sample.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import type { RunQueue } from '../run-queue.ts';

export function sampleCalls({ queue }: { queue: RunQueue }): Handlers<CallsOf<'sample'>> {
  return {
    'sample.start': async ({ methods }) => {
      const runIds: string[] = [];
      for (const method of methods) runIds.push(await queue.start(await sampleRecipe(method, { seed: 0 })));
      return { runIds };
    },
  };
}
