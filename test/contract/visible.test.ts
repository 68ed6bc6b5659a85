import { expect, it } from 'vitest';
import { visible, visibleLine } from '../../src-main/contract/visible.ts';

it('shows what a terminal would obey, and leaves all else alone', () => {
  expect(visible('\u001b[2J\u001b]0;title\u0007')).toBe('\\u{1b}[2J\\u{1b}]0;title\\u{7}');
  expect(visible('a\u202ebc\u009b31m\u200b\r')).toBe('a\\u{202e}bc\\u{9b}31m\\u{200b}\\u{d}');
  const plain = 'Grüße, 你好, 👩, e\u0301\n\tindented \\u{1b}';
  expect(visible(plain)).toBe(plain);
  expect(visibleLine('one\ntwo')).toBe('one\\ntwo');
});
