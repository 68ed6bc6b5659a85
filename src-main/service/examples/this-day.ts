/** Today, without the time of day: what chat templates write of it stays the same from a check to the run behind it. */
export function thisDay(): Date {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate());
}

/** As 2026-11-28, in local time. */
export function dayOf(date: Date): string {
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}

/** The day that `dayOf` wrote, in local time; null where the text is none. */
export function dayFrom(text: string): Date | null {
  const parts = /^(\d{4,})-(\d\d)-(\d\d)$/.exec(text.trim());
  return parts && new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
}
