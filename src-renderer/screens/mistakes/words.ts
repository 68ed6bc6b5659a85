import type { Inspection, InspectionSource, SampleQuery } from '../../../src-main/contract/inspection.ts';

/** The names of things on the screen of mistakes. */
export const ORDER_NAMES: Record<SampleQuery['order'], string> = {
  fork: 'worst fork', divergence: 'mean divergence', forks: 'forks', length: 'length', position: 'first fork', example: 'row of the data',
};

const SOURCES: Record<InspectionSource['kind'], string> = { validation: 'held-out prompts', data: 'prompts of a file', rollouts: 'rollouts of training' };
export const sourceOf = ({ settings: { source } }: Inspection): string => SOURCES[source.kind];
