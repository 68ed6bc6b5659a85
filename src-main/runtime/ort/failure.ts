import { Problem } from '../../contract/problem.ts';

/** As ONNX Runtime names the operator at which a run ended. */
const OPERATOR = /while running (\w+) node/;
const MEMORY = /bad_alloc|failed to allocate|out of memory/i;

/** What ONNX Runtime could not do, in one sentence. Its own words are about graphs and its sources: they are for who asks for them. */
export function runtimeFailure(what: 'make ready' | 'run', cause: unknown): Problem {
  const told = cause instanceof Error ? cause.message : String(cause);
  const operator = OPERATOR.exec(told)?.[1];
  if (MEMORY.test(told)) {
    return new Problem(`There is not enough memory to ${what} a computation of the model.`, {
      kind: 'failure', hint: 'Take smaller batches (train.microBatchSize), shorter texts or a smaller model, or end other programs.', cause,
    });
  }
  return new Problem(`ONNX Runtime could not ${what} a computation of the model${operator === undefined ? '' : `: its operator ${operator} failed`}.`, {
    kind: 'failure', hint: 'Start it again with the environment variable RETORT_DEBUG=1 to see what ONNX Runtime says.', cause,
  });
}
