// AssemblyScript, compiled by ../compile.ts. Addresses and distances are in bytes; tensors are float32.
//
// Each function writes what a quantized file makes of a matrix: every weight as the number that it is read back as.
// A block lies along the inputs of an output; `ofOutput` and `ofInput` say how far apart those lie, so that matrices
// stored either way round are read as they are. Where inputs are neighbours, four are computed at once.

/** Elements that share a scale, but for `roundInt8`. */
const BLOCK: u32 = 32;
const FLOAT: usize = 4;

/** GGUF's Q8_0: w = d q, q of 8 bits, d a float16. */
export function roundQ8_0(from: usize, to: usize, outputs: u32, inputs: u32, ofOutput: usize, ofInput: usize): void {
  for (let output: u32 = 0; output < outputs; output++, from += ofOutput, to += ofOutput) {
    for (let block: u32 = 0; block < inputs; block += BLOCK) {
      const at = <usize>block * ofInput;
      const scale = abs<f32>(extreme(from + at, BLOCK, ofInput)) / 127;
      const inverse: f32 = scale == 0 ? 0 : 1 / scale;
      const kept = half(scale);
      const end = at + <usize>BLOCK * ofInput;
      if (ofInput == FLOAT) for (let i = at; i < end; i += 16) v128.store(to + i, f32x4.mul(awayFromZeros(f32x4.mul(v128.load(from + i), f32x4.splat(inverse))), f32x4.splat(kept)));
      else for (let i = at; i < end; i += ofInput) store<f32>(to + i, awayFromZero(load<f32>(from + i) * inverse) * kept);
    }
  }
}

/** GGUF's Q4_0: w = d (q - 8), q of 4 bits, d a float16. */
export function roundQ4_0(from: usize, to: usize, outputs: u32, inputs: u32, ofOutput: usize, ofInput: usize): void {
  const up: f32 = 8.5, most: f32 = 15, middle: f32 = 8;
  for (let output: u32 = 0; output < outputs; output++, from += ofOutput, to += ofOutput) {
    for (let block: u32 = 0; block < inputs; block += BLOCK) {
      const at = <usize>block * ofInput;
      const scale = extreme(from + at, BLOCK, ofInput) / -8;
      const inverse: f32 = scale == 0 ? 0 : 1 / scale;
      const kept = half(scale);
      const end = at + <usize>BLOCK * ofInput;
      if (ofInput == FLOAT) {
        for (let i = at; i < end; i += 16) {
          const level = f32x4.min(f32x4.trunc(f32x4.add(f32x4.mul(v128.load(from + i), f32x4.splat(inverse)), f32x4.splat(up))), f32x4.splat(most));
          v128.store(to + i, f32x4.mul(f32x4.sub(level, f32x4.splat(middle)), f32x4.splat(kept)));
        }
      } else {
        for (let i = at; i < end; i += ofInput) store<f32>(to + i, (min<f32>(trunc<f32>(load<f32>(from + i) * inverse + up), most) - middle) * kept);
      }
    }
  }
}

/** Four bits as Retort's ONNX files have them: w = s (q - 8), s a float32; a last block may be shorter. */
export function roundInt4(from: usize, to: usize, outputs: u32, inputs: u32, ofOutput: usize, ofInput: usize): void {
  for (let output: u32 = 0; output < outputs; output++, from += ofOutput, to += ofOutput) {
    for (let block: u32 = 0; block < inputs; block += BLOCK) {
      const at = <usize>block * ofInput;
      const count = min(BLOCK, inputs - block);
      const scale = extreme(from + at, count, ofInput) / -8;
      onGrid(from + at, to + at, count, ofInput, scale == 0 ? 1 : scale, 7);
    }
  }
}

/** Eight bits as Retort's ONNX files have them: w = s q with one s, a float32, for each output. */
export function roundInt8(from: usize, to: usize, outputs: u32, inputs: u32, ofOutput: usize, ofInput: usize): void {
  for (let output: u32 = 0; output < outputs; output++, from += ofOutput, to += ofOutput) {
    const scale = abs<f32>(extreme(from, inputs, ofInput)) / 127;
    onGrid(from, to, inputs, ofInput, scale == 0 ? 1 : scale, 127);
  }
}

/** Float16, halves to even. */
export function roundHalf(from: usize, to: usize, count: u32): void {
  for (let i: usize = 0, bytes = <usize>count << 2; i < bytes; i += 4) store<f32>(to + i, half(load<f32>(from + i)));
}

/** Multiples of `scale`, up to `most` of them, each the nearest by float64, halves upwards. */
// @ts-ignore: decorators on functions are AssemblyScript's
@inline
function onGrid(from: usize, to: usize, count: u32, apart: usize, scale: f32, most: f64): void {
  const end = <usize>count * apart;
  let i: usize = 0;
  if (apart == FLOAT) {
    const by = f64x2.splat(<f64>scale), up = f64x2.splat(0.5), top = f64x2.splat(most);
    for (; i + 8 <= end; i += 8) {
      const level = f64x2.min(f64x2.floor(f64x2.add(f64x2.div(f64x2.promote_low_f32x4(v128.load64_zero(from + i)), by), up)), top);
      v128.store64_lane(to + i, f32x4.mul(f32x4.demote_f64x2_zero(level), f32x4.splat(scale)), 0);
    }
  }
  for (; i < end; i += apart) store<f32>(to + i, <f32>min<f64>(floor<f64>(<f64>load<f32>(from + i) / <f64>scale + 0.5), most) * scale);
}

/** The element of largest size, the first of several. */
// @ts-ignore: decorators on functions are AssemblyScript's
@inline
function extreme(from: usize, count: u32, apart: usize): f32 {
  const end = from + <usize>count * apart;
  if (apart == FLOAT) {
    let highs = f32x4.splat(0), lows = f32x4.splat(0);
    let at = from;
    for (; at + 16 <= end; at += 16) {
      const values = v128.load(at);
      highs = f32x4.max(highs, values);
      lows = f32x4.min(lows, values);
    }
    let high = max<f32>(max<f32>(f32x4.extract_lane(highs, 0), f32x4.extract_lane(highs, 1)), max<f32>(f32x4.extract_lane(highs, 2), f32x4.extract_lane(highs, 3)));
    let low = min<f32>(min<f32>(f32x4.extract_lane(lows, 0), f32x4.extract_lane(lows, 1)), min<f32>(f32x4.extract_lane(lows, 2), f32x4.extract_lane(lows, 3)));
    for (; at < end; at += 4) {
      high = max<f32>(high, load<f32>(at));
      low = min<f32>(low, load<f32>(at));
    }
    // Where both are as large, the order decides.
    if (high != -low) return high > -low ? high : low;
  }
  let found: f32 = 0;
  for (; from < end; from += apart) {
    const value = load<f32>(from);
    found = abs<f32>(value) > abs<f32>(found) ? value : found;
  }
  return found;
}

/** The nearest whole numbers, halves away from zero. */
// @ts-ignore: decorators on functions are AssemblyScript's
@inline
function awayFromZeros(x: v128): v128 {
  const size = f32x4.abs(x), whole = f32x4.trunc(size);
  const more = v128.and(f32x4.ge(f32x4.sub(size, whole), f32x4.splat(0.5)), f32x4.splat(1));
  return v128.or(f32x4.add(whole, more), v128.and(x, i32x4.splat(0x80000000)));
}

// @ts-ignore: decorators on functions are AssemblyScript's
@inline
function awayFromZero(x: f32): f32 {
  const size = abs<f32>(x), whole = trunc<f32>(size);
  return copysign<f32>(size - whole >= 0.5 ? whole + 1 : whole, x);
}

/** The nearest float16, halves to even; infinite beyond its range. */
// @ts-ignore: decorators on functions are AssemblyScript's
@inline
function half(value: f32): f32 {
  const size = abs<f32>(value);
  // Below 2^-14 steps are 2^-24, those of a float32 just above 0.5.
  if (size < <f32>6.103515625e-5) return copysign<f32>((size + <f32>0.5) - <f32>0.5, value);
  const bits = reinterpret<u32>(size);
  const rounded = (bits + 0xfff + ((bits >> 13) & 1)) & ~0x1fff;
  const found = rounded < 0x47800000 ? reinterpret<f32>(rounded) : size == size ? <f32>Infinity : size;
  return copysign<f32>(found, value);
}
