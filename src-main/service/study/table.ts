import type { Score } from '../../contract/events.ts';
import type { Study } from '../../contract/study.ts';
import type { Line } from './summarize.ts';

/** The study's results as a Markdown table: a line for each system and evaluation, a column for each metric. */
export function tableOf(study: Study, lines: readonly Line[]): string {
  const fields = Object.keys(study.grid);
  const metrics = [...new Set(lines.flatMap((line) => Object.keys(line.metrics)))];
  const hasEvaluations = new Set(lines.map(({ evaluation }) => evaluation)).size > 1;
  const head = ['', ...fields.map((field) => field.split('.').at(-1)!), ...(hasEvaluations ? ['evaluation'] : []), 'seeds', 'examples', ...metrics];
  const rows = lines.map(({ system, name, evaluation, seeds, examples, metrics: scores }) => [
    name, ...fields.map((field) => (system ? plain(system.point[field]) : '')), ...(hasEvaluations ? [evaluation] : []),
    seeds === null ? '' : String(seeds), String(examples), ...metrics.map((metric) => cell(scores[metric])),
  ]);
  return [head, head.map((_, at) => (at < 1 + fields.length ? '---' : '---:')), ...rows].map((row) => `| ${row.map(escape).join(' | ')} |`).join('\n');
}

function cell(score: Score | undefined): string {
  if (!score) return '';
  const { value, low, high } = score;
  return low === null || high === null ? number(value) : `${number(value)} (${number(low)} to ${number(high)})`;
}

/** Four digits that count, and never more than four behind the point. */
const number = (value: number): string => value.toFixed(Math.abs(value) >= 10 ? 2 : 4);
const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const escape = (text: string): string => text.replaceAll('|', '\\|');
