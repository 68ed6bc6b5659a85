import type { DeviceTensor } from '../../runtime/device/device-memory.ts';
import { padPrompts } from '../source.ts';
import type { DeviceModel } from './device-model.ts';

/** Lets an encoder read a batch of prompts, and leaves what the decoder sees of them on the device. @param into  by the names of the step's inputs */
export async function readSources(model: DeviceModel, into: Readonly<Record<string, DeviceTensor>>, prompts: readonly Int32Array[]): Promise<void> {
  const program = await model.reader();
  const { ids, padding } = padPrompts(prompts, Math.max(...prompts.map(({ length }) => length)));
  model.memory.write(into['source_padding']!, padding.data);
  const outputs = Object.fromEntries(program.graph.outputs.map(({ name }) => [name, into[name]!]));
  const bound = program.bind({ source: ids, source_padding: into['source_padding']!, ...model.read(program) }, outputs);
  try {
    await bound.run();
  } finally {
    bound.release();
  }
}
