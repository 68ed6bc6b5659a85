import type { Executor } from '../../src-main/runtime/program.ts';
import { tfjsExecutor } from '../../src-main/runtime/tfjs/executor.ts';
import { requires } from './requires.ts';
import { strictWebgpu } from './strict-webgpu.ts';

/** Tests that hold wherever graphs are computed beside the CPU. @param body  is given what asks for the device, which is only there while tests run */
export function onEveryDevice(body: (executor: () => Executor) => void): void {
  requires('vulkan')('on WebGPU alone, with no operator left to the CPU,', () => { body(strictWebgpu); });
  requires('tfjs')('on TensorFlow.js', () => { body(() => tfjsExecutor(1)); });
}
