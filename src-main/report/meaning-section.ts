import { html, type Html } from './html.ts';

/** What the numbers mean, in a line each. */
const MEANINGS: readonly (readonly [string, string])[] = [
  ['Task metrics', 'what the student itself answers to held-out prompts, held against the references.'],
  ['Loss', 'what the update made smaller, of that step\'s batch; of different methods not comparable.'],
  ['Divergence', 'how far the student\'s distribution over the next token lies from the teacher\'s, in nats a token; 0 where they are the same.'],
  ['Student\'s text, data', 'the same, where the student wrote the text itself, and where the text was given.'],
  ['Held-out divergence and loss', 'measured on reference completions of examples that were kept out of training; the loss is the negative log-likelihood.'],
  ['95% interval', 'by resampling the examples (bootstrap); two values whose intervals overlap much may well be equal.'],
  ['Agreement', 'share of tokens at which both models have the same first choice.'],
  ['Entropy', 'how undecided a model is about the next token, in nats.'],
  ['Length of rollouts, rollouts that ended', 'of the texts the student wrote in training: mean tokens, and the share that it ended by itself.'],
  ['Gradient norm', 'length of the whole gradient before it was clipped; spikes are unsteady steps.'],
  ['Bands', 'where a point stands for several steps, the line is their mean and the band reaches from the smallest to the largest.'],
  ['Fork', 'a token that the teacher, decided on another one, gave a tenth of that one\'s probability or less (undecided: a thousandth).'],
  ['Nats at a fork', 'how much likelier the teacher\'s first choice was: 1 nat is 2.7 times, 4.6 nats are 100 times.'],
  ['What follows from a fork', 'the tokens behind it, until the teacher has agreed with three in a row.'],
];

export function meaningSection(): Html {
  return html`<section aria-labelledby="meaning"><h2 id="meaning">What the numbers mean</h2>
<dl class="meaning">${MEANINGS.map(([name, words]) => html`<div><dt>${name}</dt><dd>${words}</dd></div>`)}</dl></section>`;
}
