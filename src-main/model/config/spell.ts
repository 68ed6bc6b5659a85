/**
 * Fields that Transformers' classes demand as floats: they refuse 1 where 1.0 is meant, and JavaScript knows one kind of
 * number.
 */
const FLOATS: ReadonlySet<string> = new Set([
  'initializer_range', 'initializer_factor', 'rms_norm_eps', 'layer_norm_eps', 'layer_norm_epsilon', 'norm_eps', 'router_aux_loss_coef',
  'final_logit_softcapping', 'attn_logit_softcapping', 'swiglu_alpha', 'swiglu_limit', 'attention_factor',
]);

/** The text of a `config.json`. */
export function spellConfig(config: object): string {
  // What no text of a config holds marks numbers that are to get a point.
  const marked = JSON.stringify(config, (field, value: unknown) => (FLOATS.has(field) && Number.isInteger(value) ? `\u0000${value as number}` : value), 2);
  return `${marked.replaceAll(/"\\u0000(-?\d+)"/g, '$1.0')}\n`;
}
