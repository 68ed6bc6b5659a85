/** The keys of an object in another order than JavaScript's own, which puts those that are whole numbers first. */
const ORDER = Symbol('order of keys');

type Holder = Record<string, unknown> & { [ORDER]?: readonly string[] };

const IS_INDEX = /^(?:0|[1-9]\d{0,9})$/;

/** An object of these entries, which `orderedEntries` gives back in this order; its keys are all different. */
export function ordered(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const holder: Holder = Object.fromEntries(entries);
  if (entries.some(([key]) => IS_INDEX.test(key))) Object.defineProperty(holder, ORDER, { value: entries.map(([key]) => key) });
  return holder;
}

/** An object's entries as the file has them that it comes from. */
export function orderedEntries(holder: object): [string, unknown][] {
  const { [ORDER]: keys } = holder as Holder;
  return keys ? keys.map((key) => [key, (holder as Holder)[key]]) : Object.entries(holder);
}
