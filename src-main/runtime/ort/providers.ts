import type { InferenceSession } from 'onnxruntime-node';
import type { Device } from '../../contract/divergence.ts';

/** Execution providers in order of preference; what a device lacks runs on the CPU. */
export function providers(device: Device): NonNullable<InferenceSession.SessionOptions['executionProviders']> {
  return device === 'cpu' ? ['cpu'] : [device, 'cpu'];
}
