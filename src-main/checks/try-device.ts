import type { Compute } from '../contract/compute.ts';
import type { Device } from '../contract/divergence.ts';
import { readDriver } from '../devices/cuda-driver.ts';
import { refuseUnknown, tryProducts } from '../devices/try-products.ts';
import { executorFor } from '../model/load-model.ts';

/** Tries a device on a small product. @param compute  how it is multiplied. @throws Problem where it is not there, or does not multiply so */
export async function tryDevice(device: Device, compute: Compute = 'fp32'): Promise<void> {
  refuseUnknown(device, compute, null);
  if (device === 'cpu') return;
  const executor = executorFor(device);
  const isCard = device === 'cuda' && compute !== 'fp32' && executor.multipliesHalves;
  await tryProducts(executor, compute, isCard ? readDriver().cards[0]!.capability : null);
}
