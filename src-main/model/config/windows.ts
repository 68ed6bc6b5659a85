import type { Fields } from './fields.ts';

const isText = (value: unknown): value is string => typeof value === 'string';
const FULL = 'full_attention';
const SLIDING = 'sliding_attention';

/** Mistral: one width for every layer, or null for none. @param width  where `sliding_window` is absent */
export function mistralWindows(config: Fields, layers: number, width: number | null = 4096): (number | null)[] {
  return checkTypes(config, filled(layers, windowOf(config, width)));
}

/** Qwen: from `max_window_layers` on, unless `layer_types` says it layer by layer; only with `use_sliding_window`. */
export function qwenWindows(config: Fields, layers: number): (number | null)[] {
  const width = config.countOrNull('sliding_window', 4096);
  const inUse = config.flag('use_sliding_window', false) ? width : null;
  const from = config.number('max_window_layers', 28);
  if (!config.has('layer_types')) return filled(layers, null).map((_, layer) => (layer >= from ? inUse : null));
  const types = layerTypes(config, layers);
  if (inUse === null && types.includes(SLIDING)) {
    throw config.wrong('layer_types', 'but use_sliding_window and sliding_window give those layers no window');
  }
  return types.map((type) => (type === SLIDING ? inUse : null));
}

/** In a pattern, unless `layer_types` says it layer by layer. @param width  where `sliding_window` is absent */
export function patternWindows(config: Fields, layers: number, { width, isFull }: { width: number | null; isFull: (layer: number) => boolean }): (number | null)[] {
  const window = windowOf(config, width);
  const types = config.has('layer_types') ? layerTypes(config, layers) : filled(layers, null).map((_, layer) => (isFull(layer) ? FULL : SLIDING));
  if (window === null && types.includes(SLIDING)) throw config.wrong('sliding_window', 'but some layers have a window');
  return types.map((type) => (type === SLIDING ? window : null));
}

function windowOf(config: Fields, assumed: number | null): number | null {
  return assumed === null && !config.has('sliding_window') ? null : config.countOrNull('sliding_window', assumed ?? 0);
}

/** Llama attends to everything; `layer_types` may say so. */
export function fullAttention(config: Fields, layers: number): (number | null)[] {
  return checkTypes(config, filled(layers, null));
}

function checkTypes(config: Fields, windows: (number | null)[]): (number | null)[] {
  if (config.has('layer_types')) {
    const differs = layerTypes(config, windows.length).some((type, layer) => (type === SLIDING) !== (windows[layer] !== null));
    if (differs) throw config.unsupported('layer_types', 'This family attends in the same way in every layer.');
  }
  return windows;
}

function layerTypes(config: Fields, layers: number): readonly string[] {
  const types = config.list('layer_types', 'texts', isText);
  const other = types.find((type) => type !== FULL && type !== SLIDING);
  if (other !== undefined) throw config.unsupported('layer_types', `Retort knows ${FULL} and ${SLIDING}, not ${other}.`);
  if (types.length !== layers) throw config.wrong('layer_types', `expected ${layers} items, one for each layer`);
  return types;
}

function filled(layers: number, width: number | null): (number | null)[] {
  return Array.from({ length: layers }, () => width);
}
