import type { Decoder } from '../../nn/decoder.ts';
import { isOnDevice, type DeviceMemory } from '../../runtime/device/device-memory.ts';
import type { Executor } from '../../runtime/program.ts';
import type { StoredTensor } from '../../runtime/tensor.ts';
import type { PlacedWeights } from '../../runtime/weights.ts';
import type { EnginePlan, TextWriterSettings } from '../engine.ts';
import { DeviceEngine } from './device-engine.ts';
import { DeviceModel } from './device-model.ts';

/** Writing on a device, where the weights lie: what a device trains itself is read at every token as it is then. */
export class DevicePlan implements EnginePlan {
  readonly isLasting: boolean;
  private readonly make: () => DeviceModel;

  constructor(executor: Executor, memory: DeviceMemory, decoder: Decoder, weights: PlacedWeights, settings: TextWriterSettings) {
    const changing = Object.entries(weights).filter(([name]) => settings.changing?.has(name) ?? true);
    this.isLasting = changing.every(([, tensor]) => isOnDevice<StoredTensor>(tensor));
    this.make = () => new DeviceModel(executor, memory, decoder, weights, settings);
  }

  async open(): Promise<DeviceEngine> {
    return new DeviceEngine(this.make());
  }
}
