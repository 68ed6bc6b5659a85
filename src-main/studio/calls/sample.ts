import type { Home } from '../../service/home.ts';
import { keptSample, sampleRecipe } from '../../service/sample.ts';
import type { CallsOf, Handlers } from '../handlers.ts';
import type { RunQueue } from '../run-queue.ts';

export function sampleCalls({ home, queue }: { home: Home; queue: RunQueue }): Handlers<CallsOf<'sample'>> {
  return {
    'sample.start': async ({ methods }) => {
      const folder = await keptSample(home.path);
      const runIds: string[] = [];
      for (const method of methods) runIds.push(await queue.start(await sampleRecipe(method, { seed: 0 }, folder)));
      return { runIds };
    },
  };
}
