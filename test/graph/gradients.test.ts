import { describe, expect, it } from 'vitest';
import { gradients } from '../../src-main/graph/gradient.ts';
import * as elementwise from '../../src-main/graph/ops/elementwise.ts';
import { sum } from '../../src-main/graph/ops/reduce.ts';
import { Graph } from '../../src-main/graph/value.ts';
import { differentiated, OPERATOR_CASES } from '../support/operator-cases.ts';
import { runGraph } from '../support/run-graph.ts';

describe('gradients agree with finite differences', () => {
  it.each(OPERATOR_CASES)('$name', async (one) => {
    const { loss, outputs, feeds } = differentiated(one);
    const analytic = await runGraph(outputs, feeds);

    const step = 1e-2;
    for (const [at, shape] of one.shapes.entries()) {
      const data = feeds[`x${at}`]!.data as Float32Array;
      const size = shape.reduce((product, dim) => product * dim, 1);
      for (let element = 0; element < size; element++) {
        const value = data[element]!;
        const probe = async (moved: number): Promise<number> => {
          data[element] = moved;
          return (await runGraph({ loss }, feeds))['loss']![0]!;
        };
        const slope = ((await probe(value + step)) - (await probe(value - step))) / (2 * step);
        data[element] = value;
        expect(Math.abs(analytic[`g${at}`]![element]! - slope)).toBeLessThan(4e-3 * Math.max(1, Math.abs(slope)));
      }
    }
  });

  it('names an operator without a gradient', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [3]);
    const loss = sum(elementwise.sign(x));
    expect(() => gradients(new Map([[loss, graph.scalar(1)]]), [x])).toThrow('operator "sign" has no gradient');
  });

  it('refuses a value that nothing depends on', () => {
    const graph = new Graph();
    const loss = sum(graph.input('x', 'float32', [3]));
    expect(() => gradients(new Map([[loss, graph.scalar(1)]]), [graph.parameter('lost', [3])])).toThrow('nothing flows back to lost');
  });
});
