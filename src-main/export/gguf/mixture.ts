import type { GgufType } from '../../contract/gguf-types.ts';
import { tensorFormat, type TensorType } from '../../model/gguf/quantize/types.ts';

/** What llama.cpp calls a mixture: its number in `general.file_type`, and the type of most tensors. */
export const MIXTURES: Readonly<Record<GgufType | 'f32', { fileType: number; most: TensorType }>> = {
  f32: { fileType: 0, most: 'F32' }, f16: { fileType: 1, most: 'F16' }, bf16: { fileType: 32, most: 'BF16' },
  q8_0: { fileType: 7, most: 'Q8_0' }, q6_k: { fileType: 18, most: 'Q6_K' }, q5_k_m: { fileType: 17, most: 'Q5_K' }, q4_k_m: { fileType: 15, most: 'Q4_K' }, q4_0: { fileType: 2, most: 'Q4_0' }, q3_k_m: { fileType: 12, most: 'Q3_K' }, q2_k: { fileType: 10, most: 'Q2_K' },
};
export type Mixture = keyof typeof MIXTURES;

export interface Placed { readonly target: string; readonly shape: readonly number[] }
interface Model { readonly layers: number; /** Heads of queries for each of keys. */ readonly queryGroup: number; readonly hasImatrix: boolean }

/** Tensors that stay in float32 whatever the mixture, besides those of one dimension. */
const EXACT = /_norm\.weight$|ffn_gate_inp\.weight$|^position_embd\.weight$|shortconv\.conv\.weight$|attn_rel_b\.weight$/;

/**
 * The type of each tensor, as llama.cpp's converter (`prepare_tensors`) and quantizer (`llama_tensor_get_type`) choose it.
 */
export function tensorTypes(tensors: readonly Placed[], mixture: Mixture, model: Model): TensorType[] {
  const { most } = MIXTURES[mixture];
  const isTied = !tensors.some(({ target }) => target === 'output.weight');
  const values = tensors.filter(({ target }) => isValue(target)).length;
  let [value, down] = [0, 0];
  const types = new Map(inLoadingOrder(tensors).map((tensor) => [tensor.target, typeOf(tensor)]));
  return tensors.map(({ target }) => types.get(target)!);

  function typeOf({ target, shape }: Placed): TensorType {
    if (isExact(target, shape)) return relativeBias(target, most);
    if (tensorFormat(most).elements === 1) return most;
    return fitting(chosen(target), shape.at(-1)!);

    function chosen(name: string): TensorType {
      if (name === 'output.weight' || (isTied && name === 'token_embd.weight')) return ofOutput(most, shape.at(-1)!);
      if (isValue(name)) return ofValue(mixture, most, value++, values, model);
      if (name.includes('ffn_down')) return ofDown(mixture, most, down++, model);
      return name.includes('attn_output') ? MORE_OF_OUTPUTS[mixture] ?? most : most;
    }
  }
}

/** As llama.cpp reads a file: by layer, then by name. */
function inLoadingOrder(tensors: readonly Placed[]): Placed[] {
  const layer = ({ target }: Placed): number => Number(/^blk\.(\d+)\./.exec(target)?.[1] ?? -1);
  return [...tensors].sort((left, right) => layer(left) - layer(right) || (left.target < right.target ? -1 : 1));
}

const isValue = (name: string): boolean => /attn_(v|qkv|kv_b)\.weight/.test(name);
const isExact = (name: string, shape: readonly number[]): boolean => shape.length < 2 || !name.endsWith('.weight') || EXACT.test(name);

/** T5's biases by distance: the converter writes them as it writes matrices, the quantizer leaves them. */
function relativeBias(name: string, most: TensorType): TensorType {
  if (!name.endsWith('attn_rel_b.weight')) return 'F32';
  return most === 'F32' || most === 'BF16' ? most : 'F16';
}

function ofOutput(most: TensorType, width: number): TensorType {
  if (width % tensorFormat(most).elements !== 0 || most === 'Q8_0') return 'Q8_0';
  return 'Q6_K';
}

/** Where what attention gives is kept with more bits than most. */
const MORE_OF_OUTPUTS: Partial<Record<Mixture, TensorType>> = { q3_k_m: 'Q4_K', q2_k: 'Q3_K' };

function ofValue(mixture: Mixture, most: TensorType, index: number, count: number, { queryGroup }: Model): TensorType {
  if (mixture === 'q3_k_m') return index < 2 ? 'Q5_K' : 'Q4_K';
  if (mixture === 'q2_k') return queryGroup >= 4 ? 'Q4_K' : 'Q3_K';
  const isMedium = mixture === 'q4_k_m' || mixture === 'q5_k_m';
  return isMedium && needsMore(index, count) ? 'Q6_K' : most;
}

function ofDown(mixture: Mixture, most: TensorType, index: number, { layers, hasImatrix }: Model): TensorType {
  if (mixture === 'q3_k_m') return index < Math.floor(layers / 16) ? 'Q5_K' : 'Q4_K';
  if (mixture === 'q2_k') return 'Q3_K';
  if ((mixture === 'q4_k_m' || mixture === 'q5_k_m') && needsMore(index, layers)) return 'Q6_K';
  return mixture === 'q4_0' && hasImatrix && index < Math.floor(layers / 8) ? 'Q4_1' : most;
}

/** The first and the last eighth of the layers, and every third between. */
function needsMore(layer: number, layers: number): boolean {
  const eighth = Math.floor(layers / 8);
  return layer < eighth || layer >= Math.floor(7 * layers / 8) || (layer - eighth) % 3 === 2;
}

/** Another type where a row is no multiple of the type's block. */
function fitting(type: TensorType, width: number): TensorType {
  const fits = (candidate: TensorType): boolean => width % tensorFormat(candidate).elements === 0;
  if (fits(type)) return type;
  const smaller: Partial<Record<TensorType, TensorType>> = { Q2_K: 'Q4_0', Q3_K: 'Q4_0', Q4_K: 'Q5_0', Q5_K: 'Q5_1', Q6_K: 'Q8_0' };
  const other = smaller[type] ?? type;
  return fits(other) ? other : 'F16';
}
