import type { DeviceTensor } from '../../runtime/device/device-memory.ts';
import type { Tensor } from '../../runtime/tensor.ts';
import type { ShippedWeights } from '../shipping/shipped-weights.ts';
import type { DeviceOptimizer } from './device-optimizer.ts';

/**
 * The weights that a student's file will have, on the device beside the exact ones. The rounding is the host's, which
 * gives the file's to the bit: behind each update the exact weights cross there and the rounded ones back.
 */
export class ShippedOnDevice {
  /** As train graphs read them, by name. */
  readonly weights: Readonly<Record<string, DeviceTensor>>;
  private readonly rounded: ShippedWeights;
  private readonly optimizer: DeviceOptimizer;

  /** @param rounded  of the optimizer's mirror */
  constructor(rounded: ShippedWeights, optimizer: DeviceOptimizer) {
    this.rounded = rounded;
    this.optimizer = optimizer;
    this.weights = Object.fromEntries(Object.entries(rounded.weights).map(([name, { dtype, shape }]: [string, Tensor]) => [name, optimizer.memory.make(dtype, shape)]));
  }

  /** Rounds the exact weights as they are now. */
  update(): void {
    this.optimizer.mirror.refresh();
    this.rounded.update();
    for (const [name, tensor] of Object.entries(this.weights)) tensor.memory.write(tensor, this.rounded.weights[name]!.data);
  }

  release(): void {
    for (const tensor of Object.values(this.weights)) tensor.memory.release(tensor);
  }
}
