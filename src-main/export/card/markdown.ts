import type { GreedyAgreement } from '../../contract/export-report.ts';
import { visible, visibleLine } from '../../contract/visible.ts';

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`).join('\n');
/** Never rounded up: what falls short of a share by little must not read as that share. */
export const percent = (share: number): string => `${(Math.floor(1e4 * share + 1e-6) / 100).toFixed(2)}%`;
export const size = (bytes: number): string => (bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`);
/** How far greedy texts are the trained weights' own. */
export const agreementOf = ({ agreeing, length, sameTexts, prompts }: GreedyAgreement): string => `${percent(agreeing)} of the first ${length}, ${sameTexts} of ${prompts} texts whole`;
/** A name as Markdown shows it: no markup, no HTML, no line of its own. */
export const plain = (text: string): string => visibleLine(text).replaceAll(/[\\`*_{}[\]<>#|~&!]/g, (mark) => `\\${mark}`);
export const quoted = (text: string): string => `\`${visibleLine(text).replaceAll('`', '\'')}\``;

/** A fence longer than any in the text. */
export function fenced(text: string, language = ''): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${visible(text)}\n${fence}`;
}
