import { Problem } from '../contract/problem.ts';

/** Deeper than any document of ours; what goes through it calls itself for each level. */
const DEEPEST = 500;

/** @throws Problem where a JSON value holds lists or objects inside each other beyond all use. `name` begins the message. */
export function checkNesting(value: unknown, name: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEEPEST) throw new Problem(`${name} holds lists or objects more than ${DEEPEST} deep inside each other.`, { hint: 'Take the innermost ones out.' });
    level = level.flatMap((one): unknown[] => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
}
