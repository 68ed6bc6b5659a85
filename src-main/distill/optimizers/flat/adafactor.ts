import type { TrainSettings } from '../../../contract/recipe.ts';
import { add, div, max, mul, sqrt, sub } from '../../../graph/ops/elementwise.ts';
import { reshape } from '../../../graph/ops/layout.ts';
import { sum } from '../../../graph/ops/reduce.ts';
import { MOST_ELEMENTS } from '../../../nn/weights/rows.ts';
import type { Value } from '../../../graph/value.ts';
import { BY_COLUMN, BY_ROW, DECAY_RATE, EPSILON, LARGEST_UPDATE, LEAST_SCALE, WHOLE } from '../adafactor.ts';
import { decays } from '../weight-decay.ts';
import { sizeOf, type FlatBuffer } from './layout.ts';
import type { FlatRule, Group, Guard, Trained } from './update-graph.ts';

type Settings = Pick<TrainSettings, 'weightDecay' | 'scaleParameter'>;

/** Parameters of one shape, stacked: [count, rows, columns], or one parameter whose rows lie in several buffers. */
interface Stack { columns: number; decaying: boolean; isVector: boolean; parts: readonly { buffer: FlatBuffer; count: number; rows: number }[] }

/** Adafactor as `adafactor.ts` has it. A matrix's moments are those of its own rows and columns, so matrices of one shape are updated together. */
export function flatAdafactor({ weightDecay, scaleParameter }: Settings): FlatRule {
  return {
    groups: (trained) => stacksOf(trained).map((stack) => groupOf(stack, { weightDecay, scaleParameter })),
    scalars: (step, learningRate) => ({ learningRate, memory: 1 - step ** DECAY_RATE }),
  };
}

function groupOf(stack: Stack, { weightDecay, scaleParameter }: Settings): Group {
  const { columns, decaying, isVector, parts } = stack;
  const [{ count }] = parts as [Stack['parts'][number]];
  const rows = parts.reduce((total, part) => total + part.rows, 0);
  const elements = rows * columns;
  const byRow = parts.map(({ buffer, rows: own }) => stateBuffer(buffer, BY_ROW, own, ({ shape }) => (isVector ? [1] : shape.slice(0, -1))));
  const byColumn = parts.map(({ buffer }) => stateBuffer(buffer, isVector ? WHOLE : BY_COLUMN, columns, ({ shape }) => shape.slice(-1)));
  const whole = (values: readonly Value[]): Value => values.reduce((a, b) => add(a, b));
  return {
    buffers: parts.map(({ buffer }) => buffer),
    state: [...byRow, ...byColumn],
    update(gradients, weights, state, guard) {
      const { graph } = gradients[0]!;
      const given = (name: string): Value => graph.input(name, 'float32', []);
      const stacked = (x: Value, at: number): Value => reshape(x, [count, parts[at]!.rows, columns]);
      const flat = (x: Value): Value => reshape(x, [x.shape.reduce<number>((product, size) => product * Number(size), 1)]);
      /** Of every parameter, [count, 1, 1]. */
      const total = (values: readonly Value[]): Value => whole(values.map((value) => sum(sum(value, [2], true), [1], true)));
      const remember = (old: Value, mean: Value): Value => {
        const kept = guard.choose(given('memory'), 1);
        return add(mul(old, kept), mul(mean, sub(1, kept)));
      };

      const g = gradients.map(stacked);
      const squares = g.map((x) => add(mul(x, x), EPSILON));
      const R = parts.map(({ rows: own }, at) => remember(reshape(state(byRow[at]!.name), [count, own, 1]), mul(sum(squares[at]!, [2], true), 1 / columns)));
      const C = remember(reshape(state(byColumn[0]!.name), [count, 1, columns]), mul(whole(squares.map((x) => sum(x, [1], true))), 1 / rows));
      const mean = mul(total(R), 1 / rows);
      const u = g.map((x, at) => sound(div(x, mul(sqrt(div(R[at]!, mean)), sqrt(C))), guard));
      const largest = max(mul(sqrt(mul(total(u.map((x) => mul(x, x))), 1 / elements)), 1 / LARGEST_UPDATE), 1);
      const w = weights.map(stacked);
      const size = sqrt(mul(total(w.map((x) => mul(x, x))), 1 / elements));
      const rate = mul(scaleParameter ? mul(max(size, LEAST_SCALE), given('learningRate')) : given('learningRate'), guard.choose(1, 0));
      const step = div(rate, largest);
      const kept = decaying ? sub(1, mul(rate, weightDecay)) : graph.scalar(1);
      return {
        weights: w.map((x, at) => flat(sub(mul(x, kept), mul(u[at]!, step)))),
        state: Object.fromEntries([
          ...byRow.map(({ name }, at) => [name, flat(R[at]!)] as const),
          // Every part has the moments of all columns.
          ...byColumn.map(({ name }) => [name, flat(C)] as const),
        ]),
      };
    },
  };
}

/** Nothing where gradients are no numbers: at the first step 0 / 0 would be none either. */
const sound = (u: Value, guard: Guard): Value => guard.choose(u, 0);

function stateBuffer({ name, places }: FlatBuffer, region: string, width: number, shapeOf: (place: FlatBuffer['places'][number]) => readonly number[]): FlatBuffer {
  return {
    name: `${region} of ${name}`, length: places.length * width,
    places: places.map((place, at) => ({ name: `${place.name}.${region}`, shape: shapeOf(place), offset: at * width })),
  };
}

function stacksOf(trained: readonly Trained[]): Stack[] {
  const stacks = new Map<string, Trained[]>();
  for (const one of trained) {
    const { parameter, parts } = one;
    const alike = parts.length === 1 ? `${parameter.shape.join('x')} ${decays(parameter) ? 'decaying' : 'lasting'}` : parameter.name;
    const members = stacks.get(alike) ?? [];
    const isFull = (members.length + 1) * sizeOf(parameter) > MOST_ELEMENTS;
    if (members.length > 0 && isFull) stacks.set(`${alike} ${stacks.size}`, members.splice(0));
    stacks.set(alike, [...members, one]);
  }
  return [...stacks].map(([name, members]) => stackOf(name, members));
}

function stackOf(name: string, members: readonly Trained[]): Stack {
  const [{ parameter, parts }] = members as [Trained];
  const columns = parameter.shape.at(-1)!;
  const bufferOf = (at: number): FlatBuffer => {
    const tensors = members.map((member) => member.parts[at]!);
    const size = sizeOf(tensors[0]!);
    return { name: parts.length === 1 ? name : parts[at]!.name, length: size * tensors.length, places: tensors.map((tensor, index) => ({ name: tensor.name, shape: tensor.shape, offset: index * size })) };
  };
  return {
    columns, decaying: decays(parameter), isVector: parameter.shape.length < 2,
    parts: parts.map((part, at) => ({ buffer: bufferOf(at), count: members.length, rows: sizeOf(part) / columns })),
  };
}
