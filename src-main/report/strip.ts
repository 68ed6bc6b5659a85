import type { TokenRole } from '../contract/fork.ts';
import { ROLES, visible } from '../contract/token-words.ts';
import { html, type Html } from './html.ts';
import { count } from './write-number.ts';

/** A token of a strip. @property level  how far from the teacher, 0 to 5 @property mark  what stands above it */
export interface StripToken { text: string; level: number; role: TokenRole | null; note: string; mark: string | null }

/** Tokens shown of a text. */
const SHOWN = 320;

/**
 * A text token by token. The darker the ground and the higher the bar below a token, the further the student is from the
 * teacher there; lines below and a frame say what the token is to the teacher. @param around  the token that must be seen
 */
export function strip(tokens: readonly StripToken[], around = 0): Html {
  const from = Math.max(0, Math.min(around - SHOWN / 2, tokens.length - SHOWN));
  const shown = tokens.slice(from, from + SHOWN);
  return html`<p class="strip" dir="auto">${from > 0 && html`<span class="quiet">… ${count(from)} tokens before </span>`}${shown.map(token)}${
    from + shown.length < tokens.length && html`<span class="quiet"> … ${count(tokens.length - from - shown.length)} more</span>`}</p>`;
}

function token({ text, level, role, note, mark }: StripToken): Html {
  const says = [role && ROLES[role], note].filter((part) => part !== null && part !== '').join(', ');
  return html`<span class="token level-${level} ${role ?? ''}" title="${says}">${visible(text)}${mark !== null && html`<sup>${mark}</sup>`}</span>${text.includes('\n') && html`<br>`}`;
}
