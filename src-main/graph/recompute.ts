import { withGradient } from './custom-gradient.ts';
import { gradients } from './gradient.ts';
import { later } from './ops/later.ts';
import type { Value } from './value.ts';

/**
 * `build(x)` whose results in between are not kept for the reverse pass: they are computed once more, from x, when the
 * gradient arrives (gradient checkpointing, Chen et al. 2016, arXiv 1604.06174). Costs a forward pass; changes no number.
 *
 * @param x      of the shape of what is built
 * @param build  a function of its argument and of values that exist already; called again for the reverse pass
 */
export function recomputed(x: Value, build: (x: Value) => Value): Value {
  const before = x.graph.size;
  const value = build(x);
  const read = outside(value, before);
  if (!read.includes(x)) throw new Error('what is built does not depend on what it is built from');
  const others = read.filter((input) => input !== x);
  return withGradient(`recomputed ${value.id}`, value, [x, ...others], {}, (up, isWanted) => {
    const again = later(x, up);
    const inputs = [again, ...others];
    const wanted = inputs.map((_, at) => isWanted[at]!);
    const flowing = gradients(new Map([[build(again), up]]), inputs.filter((_, at) => wanted[at])).values();
    return wanted.map((wants) => (wants ? flowing.next().value! : null));
  });
}

/** What a value is computed from and existed before node `before`. */
function outside(value: Value, before: number): Value[] {
  const found = new Set<Value>();
  const seen = new Set<Value>();
  const open = [value];
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    if (next.id < before || !next.producer) found.add(next);
    else open.push(...next.producer.node.inputs);
  }
  // In the order in which they were made, so that the same graph is written every time.
  return [...found].filter(({ source }) => source?.kind !== 'constant').sort((a, b) => a.id - b.id);
}
