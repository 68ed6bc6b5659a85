import type { InspectedSample, ToldFork } from '../contract/inspection.ts';
import { DIVERGENCE_NAMES, KINDS, levelOf, visible } from '../contract/token-words.ts';
import type { Method } from '../contract/presets.ts';
import { html, type Content, type Html } from './html.ts';
import type { InspectedMistakes, Mistakes, RecordedMistakes } from './mistakes.ts';
import { strip } from './strip.ts';
import { textBlock } from './text-block.ts';
import { count, number, percent } from './write-number.ts';

/** Forks told of a sample, the worst ones. */
const FORKS = 5;

/** How a strip is read. */
const legend = (more: Content = null): Html => html`<p class="legend quiet">Background and bar: how far the student is from the teacher at a token, ${
  [0, 1, 2, 3, 4, 5].map((level) => html`<span class="token level-${level}" aria-hidden="true">a</span>`)} from near to far.${more}</p>`;
const ROLE_LEGEND = html` <span class="token fork" aria-hidden="true">a</span> is a fork, <span class="token choice" aria-hidden="true">a</span> a choice of words, <span class="token consequence" aria-hidden="true">a</span> what follows from a fork.`;

/** Where the student leaves its teacher, as an inspection found it or as it was recorded in training. */
export function mistakesSection(mistakes: Mistakes | null, method: Method): Html | null {
  if (mistakes === null) return null;
  return mistakes.kind === 'inspected' ? inspected(mistakes) : recorded(mistakes, method);
}

function inspected({ inspection, kinds, samples }: InspectedMistakes): Html {
  const forks = kinds.reduce((sum, kind) => sum + kind.count, 0);
  const { step, samples: looked } = inspection;
  return html`<section aria-labelledby="mistakes"><h2 id="mistakes">The most telling forks</h2>
<p>In ${count(looked)} texts of the student${step !== null && ` at step ${count(step)}`} the teacher found ${forks === 0 ? 'no fork' : `${count(forks)} ${forks === 1 ? 'fork' : 'forks'}`}: tokens it would not have written.</p>
${forks > 0 && html`<dl class="kinds">${kinds.map(({ kind, count: found }) => html`<div><dt>${KINDS[kind]}</dt><dd><b>${count(found)}</b> <span class="quiet">${percent(found / forks)}</span>
<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="4" class="rail"/><rect width="${Math.max(1, 100 * found / forks)}" height="4" class="fill"/></svg></dd></div>`)}</dl>`}
${samples.length > 0 && html`${legend(ROLE_LEGEND)}
<ol class="cards">${samples.map(sampleCard)}</ol>`}</section>`;
}

function sampleCard(sample: InspectedSample): Html {
  const told = sample.forks.toSorted((one, other) => other.gap - one.gap).slice(0, FORKS).toSorted((one, other) => one.position - other.position);
  const mark = new Map(told.map(({ position }, at) => [position, String(at + 1)]));
  const tokens = sample.tokens.map(({ text, role, forward_kl: divergence }, at) => ({
    text, role, level: levelOf('forward_kl', divergence), note: `${DIVERGENCE_NAMES.forward_kl} ${number(divergence)}`, mark: mark.get(at) ?? null,
  }));
  return html`<li><p class="who">Prompt <span class="quiet">row ${count(sample.example + 1)} of the data</span></p>${textBlock(sample.prompt, { keeps: 'end' })}
<p class="who student">The student wrote <span class="quiet">${count(sample.tokens.length)} tokens${!sample.ended && ', cut off'}</span></p>${strip(tokens, told[0]?.position)}
<ol class="forks">${told.map(forkLine)}</ol>
${sample.forks.length > told.length && html`<p class="quiet">And ${count(sample.forks.length - told.length)} more.</p>`}
${sample.reference !== null && html`<p class="who">Reference</p>${textBlock(sample.reference)}`}</li>`;
}

function forkLine({ position, kind, gap, text, wanted, continuation }: ToldFork): Html {
  const instead = continuation === null || continuation === '' ? wanted : continuation;
  return html`<li><b>${KINDS[kind]}</b> at token ${count(position + 1)}: <code class="student">${visible(text)}</code>, where the teacher would have written <code class="teacher">${visible(instead)}</code> <span class="quiet">${
    Number.isFinite(gap) ? `${number(gap)} nats` : 'ruled out'}</span></li>`;
}

function recorded({ rollouts, total }: RecordedMistakes, { divergence }: Method): Html {
  const name = divergence === 'cross_entropy' ? null : divergence;
  return html`<section aria-labelledby="mistakes"><h2 id="mistakes">Furthest from the teacher</h2>
<p>Of ${count(total)} texts recorded in training, the ones with the largest divergence a token${name !== null && ` (${DIVERGENCE_NAMES[name]})`}. An inspection would say what each of their tokens is to the teacher.</p>
${legend()}
<ol class="cards">${rollouts.map((rollout) => {
  const worst = rollout.divergence.reduce((best, value, at) => (value > rollout.divergence[best]! ? at : best), 0);
  // Where the tokenizer is gone the text is told as a whole, and its tokens by their places.
  const tokens = rollout.divergence.map((value, at) => ({
    text: rollout.texts?.[at] ?? String(at + 1), role: null, level: levelOf(name ?? 'forward_kl', value), note: `divergence ${number(value)}`, mark: at === worst ? '1' : null,
  }));
  return html`<li><p class="who">Prompt <span class="quiet">step ${count(rollout.step)}, example ${count(rollout.example)}</span></p>${textBlock(rollout.prompt, { keeps: 'end' })}
<p class="who student">The student wrote <span class="quiet">${count(rollout.tokens.length)} tokens${!rollout.ended && ', cut off'}; mean divergence ${number(rollout.meanDivergence)} nats</span></p>
${rollout.texts === null && html`${textBlock(rollout.completion)}<p class="quiet">Its tokens by their places:</p>`}${strip(tokens, worst)}
${tokens[worst] && html`<ol class="forks"><li><b>Furthest</b> at token ${count(worst + 1)}: <code class="student">${visible(tokens[worst].text)}</code> <span class="quiet">${number(rollout.maxDivergence)} nats</span></li></ol>`}</li>`;
})}</ol></section>`;
}
