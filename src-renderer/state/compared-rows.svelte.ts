import { z } from 'zod';
import { comparisonViewSchema, MOST_ROWS, type ComparedRow, type Comparison, type ModelSummary } from '../../src-main/contract/comparison.ts';
import type { Bridge } from '../bridge/bridge.ts';
import { Asked } from './asked.svelte.ts';

/** Rows of a page. */
export const PAGE = 20;

const shownSchema = comparisonViewSchema.extend({
  page: z.int().min(0).max(MOST_ROWS),
  /** What the words of an answer are held against. */
  against: z.enum(['nothing', 'reference', 'baseline']),
});
/** What is looked at, as the address keeps it. */
export type Shown = z.infer<typeof shownSchema>;

export const isTyped = ({ settings }: Pick<Comparison, 'settings'>): boolean => settings.source.kind === 'prompts';

/** What a comparison is looked at by until somebody chooses: the student before, the run's first metric, the data's order. */
function defaultView(comparison: Comparison): Shown {
  const before = comparison.models.findIndex(({ role }) => role === 'before');
  return {
    measure: measuresOf(comparison)[0]!, baseline: Math.max(0, before), order: { by: 'example' }, descending: isTyped(comparison), filter: {}, page: 0,
    against: hasReferences(comparison) ? 'reference' : 'nothing',
  };
}

/** What the answers of a comparison are measured by. */
export function measuresOf(comparison: Comparison): string[] {
  const { settings: { metrics }, teacher } = comparison;
  return [
    ...(hasReferences(comparison) ? metrics : []), ...(teacher === null ? [] : ['divergence']),
    ...(teacher !== null && hasReferences(comparison) ? ['reference-divergence'] : []), 'length', ...(isTyped(comparison) ? ['speed'] : []),
  ];
}

function hasReferences({ settings: { source } }: Comparison): boolean {
  return source.kind === 'validation' || (source.kind === 'data' && (source.view.completion !== undefined || source.view.messages !== undefined));
}

/** The view that an address tells, as far as it is one. */
export function readView(text: string | undefined, comparison: Comparison): Shown {
  const view = defaultView(comparison);
  if (text === undefined) return view;
  try {
    const parsed = shownSchema.safeParse({ ...view, ...JSON.parse(text) as object });
    return parsed.success && parsed.data.baseline < comparison.models.length ? parsed.data : view;
  } catch {
    return view;
  }
}

/** What of a view is not as it would be anyway, for the address. */
export function writeView(view: Shown, comparison: Comparison): string | undefined {
  const usual = defaultView(comparison);
  const changed = Object.entries(view).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(usual[name as keyof Shown]));
  return changed.length === 0 ? undefined : JSON.stringify(Object.fromEntries(changed));
}

/** One page of a comparison's rows, and what all that meet the filter amount to. */
export class ComparedRows {
  readonly page = new Asked<{ total: number; rows: ComparedRow[] }>();
  readonly summary = new Asked<ModelSummary[]>();
  private readonly bridge: Bridge;
  private readonly id: string;

  constructor(bridge: Bridge, id: string) {
    this.bridge = bridge;
    this.id = id;
  }

  /** Asks for what a view shows. @param version  another one asks again; what is shown stays until the answer is there */
  ask({ page, against: _, ...view }: Shown, version: number): void {
    const question = JSON.stringify([view, version]);
    this.page.ask(`${question} ${page}`, () => this.bridge.call('comparisons.rows', { id: this.id, ...view, offset: page * PAGE, limit: PAGE }));
    this.summary.ask(question, () => this.bridge.call('comparisons.summary', { id: this.id, ...view }));
  }
}
