import { staticDim } from '../shape.ts';
import { apply, type Operator, type Value } from '../value.ts';

/** Which rows go where: operators of mixtures of experts. Nothing flows back through them. */

const distinctOperator: Operator = {
  name: 'distinct',
  infer: () => [{ dtype: 'int64', shape: ['distinct'] }],
  emit: ({ inputs, outputs }, writer) => writer.node('Unique', inputs, outputs, { sorted: 1 }),
};

/** The numbers that are there, ascending, each once: [distinct]. @param x  int64, any shape */
export const distinct = (x: Value): Value => apply(distinctOperator, [x], {});

const placesOperator: Operator = {
  name: 'placesOf',
  infer: ([x]) => [{ dtype: 'int64', shape: ['taken', x!.rank] }],
  emit: ({ inputs: [x, wanted], outputs }, writer) => {
    const [found, axes] = [writer.temporary(), writer.temporary()];
    writer.node('Equal', [x!, wanted!], [found]);
    writer.node('NonZero', [found], [axes]);
    writer.node('Transpose', [axes], outputs, { perm: [1, 0] });
  },
};

/** Where in x (int64) a number [] stands: [taken, axes of x], in order. */
export const placesOf = (x: Value, wanted: Value): Value => apply(placesOperator, [x, wanted], {});

const takeOperator: Operator = {
  name: 'takeAt',
  infer: ([x, places]) => [{ dtype: x!.dtype, shape: ['taken', ...x!.shape.slice(staticDim(places!.shape, 1))] }],
  emit: ({ inputs, outputs }, writer) => writer.node('GatherND', inputs, outputs),
};

/** What of x stands at places [taken, axes]: [taken, ...the other axes of x]. */
export const takeAt = (x: Value, places: Value): Value => apply(takeOperator, [x, places], {});

const addOperator: Operator = {
  name: 'addAt',
  infer: ([x]) => [{ dtype: x!.dtype, shape: x!.shape }],
  // With one place twice, ScatterND would lose sums on the CPU.
  emit: ({ inputs, outputs }, writer) => writer.node('ScatterND', inputs, outputs, { reduction: 'add' }),
};

/** x with rows [taken, ...] added at places [taken, axes], none of which comes twice. */
export const addAt = (x: Value, places: Value, rows: Value): Value => apply(addOperator, [x, places, rows], {});
