import { bytesText } from './bytes-text.ts';
import type { DeviceState } from './device.ts';

/** What a device is, in one line: its card, memory and driver. */
export function cardText({ name, memory, driver, isSoftware }: DeviceState): string {
  return [name ?? 'a card that does not tell its name', ...(memory === null ? [] : [bytesText(memory)]), ...(driver === null ? [] : [driver]), ...(isSoftware ? ['in software, for tests only'] : [])].join(', ');
}

/** What runs there, in one line. */
export function usesText({ uses, computes }: DeviceState): string {
  const faster = computes.filter((compute) => compute !== 'fp32');
  return `${uses.join(', ')}: exact in fp32${faster.length === 0 ? '' : `; products also in ${faster.join(', ')} (train.compute)`}`;
}
