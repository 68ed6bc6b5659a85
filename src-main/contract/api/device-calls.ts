import { z } from 'zod';
import type { CudaState } from '../cuda.ts';
import type { DeviceState } from '../device.ts';
import { reads, writes } from './call.ts';

/** The calls of what models compute on. */
export const DEVICE_CALLS = {
  'devices.list': reads<DeviceState[]>()(z.null()),
  /** Connects to nothing. */
  'devices.cuda': reads<CudaState>()(z.null()),
  /** Fetches CUDA's libraries into the data folder, as a job. */
  'devices.installCuda': writes<null>()(z.null()),
  'devices.removeCuda': writes<null>()(z.null()),
  /** Takes a folder that has them already; null for none of a person's own. */
  'devices.useCuda': writes<null>()(z.strictObject({ folder: z.string().min(1).max(4096).nullable() })),
};
