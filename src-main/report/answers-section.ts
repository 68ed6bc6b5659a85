import type { Sample } from '../contract/events.ts';
import type { RunFacts } from './gather.ts';
import { html, type Html } from './html.ts';
import { textBlock } from './text-block.ts';
import { count } from './write-number.ts';

/** Answers that are seen at once; more are folded away. */
const OPEN = 6;

/** What the student answered at the last evaluation, beside the teacher and the reference. */
export function answersSection(answers: RunFacts['answers']): Html | null {
  if (answers === null) return null;
  const { step, samples } = answers;
  const rest = samples.slice(OPEN);
  return html`<section aria-labelledby="answers"><h2 id="answers">Answers <span class="quiet">held-out prompts, at step ${count(step)}</span></h2>
<ol class="answers">${samples.slice(0, OPEN).map(answer)}</ol>
${rest.length > 0 && html`<details><summary>${count(rest.length)} more</summary><ol class="answers" start="${OPEN + 1}">${rest.map(answer)}</ol></details>`}</section>`;
}

function answer({ prompt, prediction, teacher, reference }: Sample): Html {
  const same = isSame(prediction, reference) ? '✓ as the reference' : isSame(prediction, teacher) ? '✓ as the teacher' : null;
  return html`<li><div class="prompt"><p class="who">Prompt</p>${textBlock(prompt, { keeps: 'end' })}</div>
<div class="beside"><div class="of-student"><p class="who student">Student ${same !== null && html`<span class="same">${same}</span>`}</p>${textBlock(prediction)}</div>
${teacher !== null && html`<div class="of-teacher"><p class="who teacher">Teacher</p>${textBlock(teacher)}</div>`}
${reference !== null && html`<div class="of-data"><p class="who">Reference</p>${textBlock(reference)}</div>`}</div></li>`;
}

const isSame = (text: string, other: string | null): boolean => other !== null && text.trim() === other.trim();
