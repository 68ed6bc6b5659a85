import { html, type Content, type Html } from './html.ts';

/** @property words  columns of words, which begin at the left; numbers end at the right */
export interface Table { caption: string; head: readonly Content[]; rows: readonly (readonly Content[])[]; words?: readonly number[] }

/** A table whose first column names its rows. Long and wide ones scroll in their own place; what scrolls is reached by keyboard. */
export function table({ caption, head, rows, words = [] }: Table): Html {
  const look = (at: number): Html | null => (words.includes(at) ? html` class="words"` : null);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption class="hidden">${caption}</caption>
<thead><tr>${head.map((cell, at) => html`<th scope="col"${look(at)}>${cell}</th>`)}</tr></thead>
<tbody>${rows.map(([first, ...cells]) => html`<tr><th scope="row">${first}</th>${cells.map((cell, at) => html`<td${look(at + 1)}>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}
