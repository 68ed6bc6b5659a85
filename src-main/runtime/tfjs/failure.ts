import { Problem } from '../../contract/problem.ts';

const MEMORY = /OOM when allocating|RESOURCE_EXHAUSTED|out of memory|Array buffer allocation failed|Invalid TF_Status: 8\b/i;
const LOST = /CUDA_ERROR|device.*lost|illegal memory access|CUBLAS_STATUS|CUDNN_STATUS/i;
const MESSAGE = /Message: (.*)/;

/** Names for a person what TensorFlow.js could not do. @param what  such as "keep a tensor". @throws Problem */
export function explained<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw cause instanceof Problem ? cause : problemOf(what, cause);
  }
}

function problemOf(what: string, cause: unknown): Problem {
  const told = cause instanceof Error ? cause.message : String(cause);
  if (MEMORY.test(told)) {
    return new Problem(`The device "tfjs" has no memory left where it should ${what}.`, {
      kind: 'failure', hint: 'Take smaller batches (train.microBatchSize), shorter texts or a smaller model, or the device "cpu"; a run goes on from its last checkpoint.', cause,
    });
  }
  if (LOST.test(told)) {
    return new Problem('The device "tfjs" was lost in the middle of a computation: its driver failed, or it was taken away.', {
      kind: 'failure', hint: 'Nothing before the last checkpoint is lost. Resume the run; where it happens again, take the device "cpu".', cause,
    });
  }
  const line = (MESSAGE.exec(told)?.[1] ?? told.split('\n')[0]!).replace(/[.]$/, '');
  return new Problem(`TensorFlow.js could not ${what}: ${line}.`, { kind: 'failure', hint: 'Choose the device "cpu", which computes every model; a run goes on there from its last checkpoint.', cause });
}
