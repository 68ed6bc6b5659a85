import { raise, refuse } from './fault.ts';

const SINGLE: Readonly<Record<string, string>> = { '\n': '', '\\': '\\', "'": "'", '"': '"', a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
const LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** A string literal's text: Python's escapes; an unknown one stays as it is. */
export function unescaped(text: string): string {
  return text.replace(/\\(?:([0-7]{1,3})|([xuU])([0-9a-fA-F]*)|([^]))/g, (whole, octal: string | undefined, kind: string | undefined, digits: string | undefined, other: string | undefined) => {
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
    if (other !== undefined) return other === 'N' ? refuse('characters by name in a string') : SINGLE[other] ?? whole;
    const length = LENGTHS[kind!]!;
    if (digits!.length < length) return raise(`truncated \\${kind} escape`);
    const code = parseInt(digits!.slice(0, length), 16);
    return (code > 0x10ffff ? raise('illegal Unicode character') : String.fromCodePoint(code)) + digits!.slice(length);
  });
}
