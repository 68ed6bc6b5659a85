import { html, type Content, type Html } from './html.ts';

export interface Table { caption: string; head: readonly Content[]; rows: readonly (readonly Content[])[] }

/** A table whose first column names its rows. Long and wide ones scroll in their own place; what scrolls is reached by keyboard. */
export function table({ caption, head, rows }: Table): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table>
<caption class="hidden">${caption}</caption>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(([first, ...cells]) => html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>`;
}
