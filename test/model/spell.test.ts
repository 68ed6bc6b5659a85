import { expect, it } from 'vitest';
import { spellConfig } from '../../src-main/model/config/spell.ts';

it('spells the numbers that Transformers wants as floats with a point, wherever they stand', () => {
  const config = { final_logit_softcapping: 30, attn_logit_softcapping: null, rms_norm_eps: 1e-6, hidden_size: 24, initializer_factor: -1, text: 'a "\\u00001"', inner: { swiglu_limit: 7, list: [1, 2] } };
  const text = spellConfig(config);
  expect(JSON.parse(text)).toEqual(config);
  expect(text.match(/-?\d+\.0\b/g)).toEqual(['30.0', '-1.0', '7.0']);
});
