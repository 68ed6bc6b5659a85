import { join } from 'node:path';
import type { Score } from '../contract/events.ts';
import { writeWhole } from '../files/write-whole.ts';
import type { HalvingMetric } from '../service/study/halving/metric.ts';
import type { HalvingEvent, HalvingLine } from '../service/study/halving/run-halving.ts';
import type { Output } from './output.ts';

/** Who is where at a share of the steps, and who stops there. */
export function tellRung(output: Output, event: Extract<HalvingEvent, { event: 'rung' }>): void {
  output.json(event);
  output.line(`After ${Math.round(100 * event.share)}% of the steps (${event.steps}):`);
  for (const { name, score, difference, isTied } of event.standings) {
    const besides = difference === null ? 'the best' : `${isTied ? 'not certainly worse' : 'worse'} by ${text(difference)}`;
    output.line(`  ${name}: ${text(score)}, ${besides}${event.stops.includes(name) ? '; stops' : ''}`);
  }
}

/** The table at the end, printed and kept in the study's folder. */
export async function concludeHalving(output: Output, lines: readonly HalvingLine[], { name, isLowerBetter }: HalvingMetric, folder: string): Promise<void> {
  const table = [
    ['', 'seeds', 'rungs (steps)', name, 'difference to the winner', 'stopped'],
    ['---', '---:', '---', '---:', '---:', '---'],
    ...lines.map(({ name: arm, seeds, rungs, stopped, isWinner }) => {
      const last = rungs.at(-1);
      return [
        isWinner ? `**${arm}**` : arm, String(seeds), rungs.map(({ steps }) => steps).join(', '), last ? text(last.score) : '',
        last?.difference ? `${text(last.difference)}${last.share < 1 ? ` at ${last.steps}` : ''}` : '', isWinner ? 'winner' : stopped ?? 'kept to the end',
      ];
    }),
  ].map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
  await writeWhole(join(folder, 'halving.md'), [`${table}\n`], { replace: true });
  await writeWhole(join(folder, 'halving.json'), [`${JSON.stringify({ metric: name, lines }, null, 2)}\n`], { replace: true });
  output.json({ event: 'done', folder, metric: name, lines });
  output.line(`\n${table}\n\n${isLowerBetter ? 'Lower' : 'Higher'} is better. Differences are to the best of the same rung, over the same held-out rows, with 95% intervals (paired bootstrap).`);
  output.line('An arm whose interval holds 0 is not certainly worse and goes on; at the end the better score decides, and of equal scores the order of the study.');
  output.line(`Table and numbers: ${folder}`);
}

const text = ({ value, low, high }: Score): string => {
  const number = (one: number): string => one.toFixed(Math.abs(one) >= 10 ? 2 : 4);
  return low === null || high === null ? number(value) : `${number(value)} (${number(low)} to ${number(high)})`;
};
