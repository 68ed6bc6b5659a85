import { readFileSync, writeFileSync } from 'node:fs';

/** Forgets what memory this process has taken so far, where the system can: on Linux. */
export function resetPeakMemory(): void {
  try {
    // 5 resets the high-water mark.
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Elsewhere the peak is that of the process's whole life.
  }
}

/** Most bytes that were resident at once since `resetPeakMemory`, or else since this process began. */
export function peakMemory(): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (kibibytes !== undefined) return Number(kibibytes) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
