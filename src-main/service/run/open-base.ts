import { openFrozen, type FrozenWeights } from '../../model/frozen/open-frozen.ts';
import { executorFor, ofThe } from '../../model/load-model.ts';
import type { PreparedRun } from './look/prepare.ts';

/** The weights beside a run's adapter, and how graphs compute with them. */
export type OpenedBase = Pick<FrozenWeights, 'format' | 'weights' | 'release'>;

/** Null where the whole student is trained. */
export async function openBase({ adapter, student: { parameters }, recipe: { student: { precision = 'fp32', products, device } } }: PreparedRun): Promise<OpenedBase | null> {
  if (!adapter) return null;
  const { readsStored, signsBytes, memory } = executorFor(device);
  return ofThe('student', () => openFrozen(adapter.base, parameters, { precision, products, readsStored, signsBytes, memory }));
}
