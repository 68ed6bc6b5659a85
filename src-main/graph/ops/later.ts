import type { NodeWriter } from '../onnx/node-writer.ts';
import { apply, type Node, type Operator, type Value } from '../value.ts';

const laterOperator: Operator = {
  name: 'later',
  infer: ([x, event]) => {
    if (x!.rank === 0 || event!.rank !== x!.rank) throw new Error('both need the same axes');
    return [{ dtype: x!.dtype, shape: x!.shape }];
  },
  emit: writeLater,
  // What is recomputed of frozen weights is passed on the way to what is trained, by its event.
  gradient: () => [null, null],
};

const inTurnOperator: Operator = {
  ...laterOperator,
  name: 'inTurn',
  emit: (node, writer) => (writer.dialect === 'onnxruntime' ? writeLater(node, writer) : writer.alias(node.outputs[0]!, node.inputs[0]!)),
};

function writeLater({ inputs: [x, event], outputs }: Node, writer: NodeWriter): void {
  // Nothing of the event, behind x: a runtime cannot begin before there is an event to take nothing of.
  const nothing = writer.temporary();
  const int64 = (value: number): string => writer.constant('int64', [1], BigInt64Array.of(BigInt(value)));
  writer.node('Slice', [event!, int64(0), int64(0), int64(0)], [nothing]);
  writer.node('Concat', [x!, nothing], outputs, { axis: 0 });
}

/** x, but not before `event`, a value of the same shape but for the first axis, is there. Nothing flows back. */
export function later(x: Value, event: Value): Value {
  return apply(laterOperator, [x, event], {});
}

/**
 * x, which ONNX Runtime on the CPU takes up when the event is there, so that what both read is let go before more is made.
 * Elsewhere it is x. Made for small tensors: x is copied.
 */
export function inTurn(x: Value, event: Value): Value {
  return apply(inTurnOperator, [x, event], {});
}
