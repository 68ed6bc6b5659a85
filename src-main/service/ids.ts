import { randomBytes } from 'node:crypto';

/** A run's id: the time for sorting and reading, and enough randomness that two never meet. */
export function newRunId(now = new Date()): string {
  const time = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  return `${time}-${randomBytes(3).toString('hex')}`;
}
