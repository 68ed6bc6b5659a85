/** A value of a GGUF file's metadata, by the type that it is written in. */
export type TypedValue =
  | { type: 'u32' | 'i32' | 'f32'; value: number } | { type: 'bool'; value: boolean } | { type: 'text'; value: string }
  | { type: 'texts'; value: readonly string[] } | { type: 'u8s' | 'i32s' | 'f32s'; value: readonly number[] } | { type: 'bools'; value: readonly boolean[] };

export type KeyValues = Readonly<Record<string, TypedValue>>;

export const u32 = (value: number): TypedValue => ({ type: 'u32', value });
export const f32 = (value: number): TypedValue => ({ type: 'f32', value });
export const bool = (value: boolean): TypedValue => ({ type: 'bool', value });
export const text = (value: string): TypedValue => ({ type: 'text', value });
export const texts = (value: readonly string[]): TypedValue => ({ type: 'texts', value });
export const u8s = (value: readonly number[]): TypedValue => ({ type: 'u8s', value });
export const i32s = (value: readonly number[]): TypedValue => ({ type: 'i32s', value });
export const f32s = (value: readonly number[]): TypedValue => ({ type: 'f32s', value });
export const bools = (value: readonly boolean[]): TypedValue => ({ type: 'bools', value });
