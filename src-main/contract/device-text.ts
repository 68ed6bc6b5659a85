import { bytesText } from './bytes-text.ts';
import type { DeviceState } from './device.ts';

/** What a device is, in one line: its card, memory and driver. */
export function cardText({ name, memory, driver, isSoftware }: DeviceState): string {
  return [name ?? 'a card that does not tell its name', ...(memory === null ? [] : [bytesText(memory)]), ...(driver === null ? [] : [driver]), ...(isSoftware ? ['in software, for tests only'] : [])].join(', ');
}

/** What runs there, in one line. */
export function usesText({ device, uses, precisions }: DeviceState): string {
  const shorter = precisions.filter((precision) => precision !== 'fp32');
  return `${uses.join(', ')}: ${device === 'cpu' ? 'exact in fp32' : `fp32${shorter.length === 0 ? '' : `; products in ${shorter.join(', ')}`}`}`;
}
