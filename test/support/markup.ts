const TAG = /<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][a-zA-Z0-9:-]*="[^"<>]*")*)\s*(\/?)>/y;
const VOID = new Set(['meta', 'br']);

/**
 * What is wrong with a page of the strict kind that Retort writes: every `<` begins a tag with quoted attributes, every
 * element is closed in order, and every `&` begins a reference.
 */
export function markupFaults(page: string): string[] {
  const faults: string[] = [];
  const open: string[] = [];
  const body = page.replace(/^<!doctype html>\n<!--[^<>]*-->/, '').replace(/<style>[^<]*<\/style>/, '');
  for (let at = body.indexOf('<'); at >= 0; at = body.indexOf('<', at + 1)) {
    TAG.lastIndex = at;
    const [, slash, name, , closed] = TAG.exec(body) ?? [];
    if (name === undefined) faults.push(`no tag: ${body.slice(at, at + 60)}`);
    else if (slash) { if (open.pop() !== name) faults.push(`</${name}> closes another: ${body.slice(Math.max(0, at - 60), at + 20)}`); }
    else if (!closed && !VOID.has(name)) open.push(name);
  }
  const loose = /&(?!(amp|lt|gt|quot);)/.exec(body);
  if (loose) faults.push(`no reference: ${body.slice(loose.index, loose.index + 40)}`);
  return [...faults, ...open.map((name) => `<${name}> is not closed`)];
}
