/** JSON values that stand where nobody expects them. */
const ODD = ['null', 'true', '-1', '0', '1e308', '2147483648', '9007199254740993', '""', '"\\u0000"', '[]', '{}', '[[]]', '"a"', '1.5', '{"a":{"b":[null]}}', '1e-400', '"\\ud800"'];
const VALUE = /: ?("(?:[^"\\]|\\.)*"|-?\d[\d.e+-]*|true|false|null|\[[^[\]{}]*\]|\{[^[\]{}]*\})/g;

/** A text damaged in many ways, the same ones for the same seed: cut off, a byte changed, a piece lost, a value of its JSON exchanged. */
export function mutations(text: string, count: number, seed: number): string[] {
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const values = [...text.matchAll(VALUE)];
  return Array.from({ length: count }, (_, which) => {
    const at = random(text.length);
    if (which % 5 === 0) return text.slice(0, at);
    if (which % 5 === 1) return text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
    if (which % 5 === 2) return text.slice(0, at) + text.slice(at + random(40));
    const odd = ODD[random(ODD.length)]!;
    const value = values[random(Math.max(1, values.length))];
    if (value === undefined) return text.slice(0, at) + odd + text.slice(at);
    const end = value.index + value[0].length;
    return text.slice(0, end - value[1]!.length) + odd + text.slice(end);
  });
}
