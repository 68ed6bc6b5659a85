import { Guided } from '../guide.ts';
import type { Completion, GenerateOptions, Prompt } from '../writing.ts';
import type { TokenSampling } from '../sampling.ts';
import type { DeviceModel } from './device-model.ts';
import { DeviceSession } from './device-session.ts';
import { REMEMBERED, type Told } from './step-graph.ts';

/**
 * Continues every prompt on a device, all of them together as one batch. Tokens are read every few steps: what a row
 * has written behind its end is cut off, and the texts are those of the host.
 */
export async function writeTexts(model: DeviceModel, told: Told, prompts: readonly Prompt[], options: GenerateOptions<TokenSampling>): Promise<Completion[]> {
  const { sampling, maxNewTokens, eos, guide, onToken, signal } = options;
  const written = prompts.map(() => [] as number[]);
  const ended = prompts.map(() => false);
  const guided = guide && new Guided(prompts.length, guide);
  const temperature = sampling.strategy === 'sample' ? sampling.temperature : 1;
  const session = await DeviceSession.open(model, told, prompts, { newTokens: maxNewTokens, temperature });
  /** Which prompt each row of the batch continues. */
  let active = prompts.map((_, at) => at);
  try {
    for (let done = 0; ;) {
      const count = Math.min(guided ? 1 : ahead(done), maxNewTokens - done);
      for (let step = done; step < done + count; step++) {
        if (step > done) session.goOn();
        await session.run(sampling.strategy === 'sample' ? active.map((at) => sampling.uniform(prompts[at]!.id, step)) : null);
      }
      done += count;
      const tokens = session.written(count);
      let isForced = false;
      for (let step = 0; step < count; step++) {
        active.forEach((at, row) => {
          if (ended[at]) return;
          const chosen = tokens[row]![step]!;
          const token = guided ? guided.next(at, chosen) : chosen;
          isForced ||= token !== chosen;
          written[at]!.push(token);
          ended[at] = eos.has(token);
          onToken?.(at, token);
        });
      }
      const going = active.flatMap((at, row) => (ended[at] ? [] : [row]));
      if (going.length === 0 || done >= maxNewTokens || signal?.aborted) break;
      // To leave a row costs a copy of all others, to keep it the work of one row.
      if (2 * going.length <= active.length) {
        await session.take(going);
        active = going.map((row) => active[row]!);
      }
      if (isForced) session.feed(active.map((at) => written[at]!.at(-1)!));
      else session.goOn();
    }
  } finally {
    session.release();
  }
  return prompts.map((_, at) => ({ tokens: Int32Array.from(written[at]!), ended: ended[at]! }));
}

/** How many steps are made before their tokens are read, behind so many: few at first, since short texts end soon. */
const ahead = (done: number): number => Math.min(REMEMBERED, Math.max(1, done));
