import type { LiveRun } from '../../../src-main/contract/api/feed.ts';
import type { RunStatus } from '../../../src-main/contract/events.ts';
import { hasBegun } from '../../../src-main/contract/handover.ts';
import type { RunRecord } from '../../../src-main/contract/history.ts';
import { methodCodes } from '../../recipe/method-text.ts';
import { NUMBER, SHARE, type Quantity } from '../../charts/quantity.ts';

export interface Status { tone: 'plain' | 'good' | 'warn' | 'bad' | 'active'; sign: string; text: string }

const STATUS: Record<RunStatus, Status> = {
  waiting: { tone: 'plain', sign: '◷', text: 'waiting' },
  running: { tone: 'active', sign: '▶', text: 'running' },
  done: { tone: 'good', sign: '✓', text: 'done' },
  stopped: { tone: 'plain', sign: '■', text: 'stopped' },
  interrupted: { tone: 'warn', sign: '⚡', text: 'interrupted' },
  failed: { tone: 'bad', sign: '✕', text: 'failed' },
};

/** What a run is doing; what computes now says more than the history. */
export function statusOf(run: RunRecord, live: LiveRun | undefined): Status {
  if (!live && run.status === 'running' && run.engine && !hasBegun(run.engine)) return { ...STATUS.waiting, text: 'not begun' };
  if (!live) return STATUS[run.status];
  if (live.state === 'waiting') return STATUS.waiting;
  return { ...STATUS.running, text: live.state };
}

/** The last part of a path. */
export const lastName = (path: string): string => path.replace(/[\\/]+$/, '').split(/[\\/]/).at(-1) ?? path;

/** `exact-match 41.5 %`: shares as percentages, all else as numbers. */
export const scoreText = (name: string, value: number): string => quantityOf(name).text(value);

const METRIC_NAMES: Readonly<Record<string, string>> = {
  'accuracy': 'Accuracy', 'exact-match': 'Exact match', 'rouge1': 'ROUGE-1', 'rouge2': 'ROUGE-2', 'rougeL': 'ROUGE-L', 'rougeLsum': 'ROUGE-Lsum', 'bleu': 'BLEU', 'self-bleu': 'Self-BLEU',
  'token-f1': 'Token F1', 'perplexity': 'Perplexity', 'acceptance': 'Accepted drafts', 'tokens-per-call': 'Tokens a call of the teacher', 'choice-accuracy': 'Right choices', 'choice-accuracy-norm': 'Right choices, by length',
  'divergence': 'Divergence', 'loss': 'Loss',
};
/** A number of an evaluation, as a person reads it. */
export const metricName = (name: string): string => METRIC_NAMES[name] ?? name;

/** What the values of a metric are. */
export const quantityOf = (name: string): Quantity => (SHARES.test(name) ? SHARE : NUMBER);

/** Metrics between 0 and 1 that people read as percentages. */
const SHARES = /accuracy|exact|match|eos|agreement|acceptance/;

/** Whether a search meets a run: every word of it in its name, its tags, method, models or status. */
export function meets(run: RunRecord, search: string): boolean {
  const { name, tags, recipe, status, id } = run;
  const text = [name, ...tags, methodCodes(recipe), recipe.teacher?.model ?? '', recipe.student.model, recipe.data.train, status, id].join('\n').toLowerCase();
  return search.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}
