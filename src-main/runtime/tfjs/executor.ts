import type { Executor } from '../program.ts';
import { requireTfjs } from './find-tfjs.ts';
import { TfjsMemory } from './memory.ts';
import { TfjsProgram } from './program.ts';

/** A process has one device. */
let memory: TfjsMemory | undefined;

/**
 * TensorFlow.js for Node as an executor of the same graphs: each operator by a kernel of its own, tensors in TensorFlow's
 * memory, integers of 64 bits as ones of 32.
 *
 * @param threads  of a processor; 0 for as many as there are. The first call decides
 * @throws Problem where it is not installed
 */
export function tfjsExecutor(threads: number): Executor {
  const tf = requireTfjs(threads);
  const shared = memory ??= new TfjsMemory(tf);
  return {
    device: 'tfjs', memory: shared, readsStored: false, signsBytes: false, multipliesHalves: false, cachedAttention: 'whole', captures: false, dialect: 'onnxruntime',
    compile: async (graph, options = {}) => new TfjsProgram(tf, shared, graph, options),
    giveBack: () => {},
  };
}
