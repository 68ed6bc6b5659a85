import { z } from 'zod';
import { toJson } from '../../contract/exact-number.ts';
import { Problem } from '../../contract/problem.ts';
import type { RewardOf } from '../../contract/reward.ts';
import { LineProgram } from './line-program.ts';
import { checkedValues, type Reward } from './reward.ts';

const answerSchema = z.union([z.number(), z.object({ reward: z.unknown() }).transform(({ reward }) => reward)]);

/** Asks a program for values: it runs as long as the reward is used, and gets and gives one line an example. */
export async function commandReward({ command, directory, timeoutSeconds }: RewardOf<'command'>): Promise<Reward> {
  const program = await LineProgram.start(command, directory);
  return {
    range: [-Infinity, Infinity],
    score: async (texts) => {
      const lines = await program.ask(texts.map(toJson), timeoutSeconds);
      return checkedValues(lines.map((line) => valueOf(line, program)), texts.length, program.name);
    },
    release: () => program.end(),
  };
}

function valueOf(line: string, program: LineProgram): unknown {
  try {
    return answerSchema.parse(JSON.parse(line));
  } catch (cause) {
    throw new Problem(`${program.name} wrote ${JSON.stringify(line.slice(0, 200))}, which is no reward.`, {
      kind: 'failure', hint: 'Answer each line with a number or {"reward": number}, and write all else to stderr.', cause,
    });
  }
}
