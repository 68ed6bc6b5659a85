import { apply, type Operator, type Value } from '../value.ts';

const laterOperator: Operator = {
  name: 'later',
  infer: ([x, event]) => {
    if (x!.rank === 0 || event!.rank !== x!.rank) throw new Error('both need the same axes');
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  emit: ({ inputs: [x, event], outputs }, writer) => {
    // Nothing of the event, behind x: a runtime cannot begin before there is an event to take nothing of.
    const nothing = writer.temporary();
    const int64 = (value: number): string => writer.constant('int64', [1], BigInt64Array.of(BigInt(value)));
    writer.node('Slice', [event!, int64(0), int64(0), int64(0)], [nothing]);
    writer.node('Concat', [x!, nothing], outputs, { axis: 0 });
  },
  // What is recomputed of frozen weights is passed on the way to what is trained, by its event.
  gradient: () => [null, null],
};

/** x, but not before `event`, a value of the same shape but for the first axis, is there. Nothing flows back. */
export function later(x: Value, event: Value): Value {
  return apply(laterOperator, [x, event], {});
}
