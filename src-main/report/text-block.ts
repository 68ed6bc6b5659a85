import { html, type Html } from './html.ts';
import { count } from './write-number.ts';

/** Characters shown of a text. */
const SHOWN = 1200;

/** A text of a model or of the data as it is; of a long prompt its end, which is what was answered. */
export function textBlock(text: string, { keeps = 'beginning' }: { keeps?: 'beginning' | 'end' } = {}): Html {
  const characters = [...text];
  const left = characters.length - SHOWN;
  if (left <= 0) return html`<p class="text" dir="auto">${text.trim() === '' ? html`<span class="quiet">(nothing)</span>` : text}</p>`;
  const note = html`<span class="quiet"> … ${count(left)} characters ${keeps === 'end' ? 'before' : 'more'} … </span>`;
  return keeps === 'end'
    ? html`<p class="text" dir="auto">${note}${characters.slice(left).join('')}</p>`
    : html`<p class="text" dir="auto">${characters.slice(0, SHOWN).join('')}${note}</p>`;
}
