import { dimAt } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';

type CausalBias = { window: number | null; masked: number };

const operator: Operator<CausalBias> = {
  name: 'causalBias',
  infer: ([ids, mask]) => [{ dtype: 'float32', shape: [dimAt(mask!.shape, 0), 1, dimAt(ids!.shape, 1), dimAt(mask!.shape, 1)] }],
  emit: ({ inputs, outputs, attributes: { window, masked } }, writer) => {
    const [ids, mask] = inputs as [Value, Value];
    const make = (type: string, from: readonly (Value | string)[], attributes = {}): string => {
      const name = writer.temporary();
      writer.node(type, from, [name], attributes);
      return name;
    };
    const int = (...numbers: number[]): string => writer.constant('int64', [numbers.length], BigInt64Array.from(numbers, BigInt));
    const scalar = (number: number): string => writer.constant('int64', [], BigInt64Array.of(BigInt(number)));
    const length = (of: Value): string => make('Gather', [make('Shape', [of]), scalar(1)]);
    const total = length(mask);
    const columns = make('Range', [scalar(0), total, scalar(1)]);
    const rows = make('Unsqueeze', [make('Range', [make('Sub', [total, length(ids)]), total, scalar(1)]), int(1)]);
    const isPast = make('LessOrEqual', [columns, rows]);
    const isSeen = window === null ? isPast
      : make('And', [isPast, make('Greater', [columns, make('Sub', [rows, scalar(window)])])]);
    const isText = make('Unsqueeze', [make('Cast', [mask], { to: 9 }), int(1, 2)]);
    const float = (number: number): string => writer.constant('float32', [], Float32Array.of(number));
    writer.node('Where', [make('And', [isSeen, isText]), float(0), float(masked)], outputs);
  },
};

/**
 * What is added to attention scores so that a position sees itself and what came before: [batch, 1, sequence, total].
 *
 * @param ids     new tokens, [batch, sequence]; they are the last of the text
 * @param mask    [batch, total] (int64), 0 for padding wherever it stands
 * @param window  how many positions back a position sees, itself included; null for all
 */
export function causalBias(ids: Value, mask: Value, window: number | null, masked: number): Value {
  return apply(operator, [ids, mask], { window, masked });
}
