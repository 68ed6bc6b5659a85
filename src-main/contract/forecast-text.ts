import { bytesText } from './bytes-text.ts';
import { MEMORY_PARTS, type DeviceForecast, type MemoryForecast, type MemoryPart, type Outcome } from './forecast.ts';

/** Parts of memory, largest first, as a person reads them; what is nothing is left out. */
export function memoryParts({ parts }: Pick<MemoryForecast, 'parts'>): string {
  const named = Object.entries(parts) as [MemoryPart, number][];
  return named.filter(([, bytes]) => bytes > 0).sort((a, b) => b[1] - a[1]).map(([part, bytes]) => `${MEMORY_PARTS[part]} ${bytesText(bytes)}`).join(', ');
}

/** What a run is expected to take, in a sentence. */
export const memorySentence = (forecast: MemoryForecast): string =>
  `Memory: about ${bytesText(forecast.peak)} at its peak (${memoryParts(forecast)}); ${bytesText(forecast.free)} are free.${forecast.device ? ` ${deviceSentence(forecast.device)}` : ''}`;

/** What of it a device holds, in a sentence. */
export const deviceSentence = (device: DeviceForecast): string => `On the device ${device.name}: about ${bytesText(device.peak)} at its peak (${memoryParts(device)}).`;

/** How long a run will take, in a sentence. */
export const paceSentence = (totalMs: number): string => `Time: about ${timeText(totalMs)} in all, by the first steps.`;

/** What became of what a run was expected to take, in a sentence. */
export function outcomeSentence({ memory, time }: Outcome): string {
  const took = `It took ${bytesText(memory.measured)} of memory at its peak; ${bytesText(memory.expected)} were expected (${difference(memory)}).`;
  return time === null ? took : `${took} It took ${timeText(time.measured)}; ${timeText(time.expected)} were expected (${difference(time)}).`;
}

function difference({ expected, measured }: { expected: number; measured: number }): string {
  const percent = Math.round((100 * (measured - expected)) / expected);
  return percent === 0 ? 'as expected' : `${Math.abs(percent)}% ${percent > 0 ? 'more' : 'less'}`;
}

/** A duration of seconds to days. */
export function timeText(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 90) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = seconds / 60;
  if (minutes < 90) return `${minutes < 10 ? minutes.toFixed(1) : Math.round(minutes)} min`;
  return `${(minutes / 60).toFixed(1)} h`;
}
