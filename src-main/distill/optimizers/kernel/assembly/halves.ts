// AdamW whose moments lie in bfloat16, compiled by ../compile.ts beside update.ts. Addresses and sizes are in bytes.

/**
 * As `adamw` of update.ts in every respect but where the moments lie: in the upper halves of float32. They are rounded
 * up or down by chance, so that they are right on average: to the nearest, a second moment that decays by a thousandth
 * would never change, since its steps are larger. The chance is a function of `seed` and the element's place.
 * `bytes`, of the weights, is a multiple of 64.
 */
export function adamwHalf(
  weights: usize, gradients: usize, firstMoments: usize, secondMoments: usize, bytes: usize,
  gradientScale: f32, decay: f32, beta1Complement: f32, beta2: f32, beta2Complement: f32,
  rootScale: f32, epsilon: f32, stepSize: f32, seed: i32,
): void {
  const scale = f32x4.splat(gradientScale);
  const kept = f32x4.splat(decay);
  const new1 = f32x4.splat(beta1Complement);
  const old2 = f32x4.splat(beta2);
  const new2 = f32x4.splat(beta2Complement);
  const root = f32x4.splat(rootScale);
  const eps = f32x4.splat(epsilon);
  const size = f32x4.splat(stepSize);
  const own = i32x4.splat(seed);
  let place = i32x4(0, 1, 2, 3);
  for (let i: usize = 0; i < bytes; i += 32) {
    const w = weights + i, g = gradients + i, m = firstMoments + (i >> 1), v = secondMoments + (i >> 1);
    const firsts = v128.load(m), seconds = v128.load(v);

    const g0 = f32x4.mul(v128.load(g), scale);
    const before0 = i32x4.shl(i32x4.extend_low_i16x8_u(firsts), 16);
    const m0 = f32x4.add(before0, f32x4.mul(new1, f32x4.sub(g0, before0)));
    const v0 = f32x4.add(f32x4.mul(i32x4.shl(i32x4.extend_low_i16x8_u(seconds), 16), old2), f32x4.mul(new2, f32x4.mul(g0, g0)));
    const down0 = f32x4.add(f32x4.mul(f32x4.sqrt(v0), root), eps);
    v128.store(w, f32x4.sub(f32x4.mul(v128.load(w), kept), f32x4.mul(size, f32x4.div(m0, down0))));

    const g1 = f32x4.mul(v128.load(g, 16), scale);
    const before1 = i32x4.shl(i32x4.extend_high_i16x8_u(firsts), 16);
    const m1 = f32x4.add(before1, f32x4.mul(new1, f32x4.sub(g1, before1)));
    const v1 = f32x4.add(f32x4.mul(i32x4.shl(i32x4.extend_high_i16x8_u(seconds), 16), old2), f32x4.mul(new2, f32x4.mul(g1, g1)));
    const down1 = f32x4.add(f32x4.mul(f32x4.sqrt(v1), root), eps);
    v128.store(w, f32x4.sub(f32x4.mul(v128.load(w, 16), kept), f32x4.mul(size, f32x4.div(m1, down1))), 16);

    const chance0 = mixed(place, own), chance1 = mixed(i32x4.add(place, i32x4.splat(4)), own);
    const low = i32x4.splat(0xffff);
    v128.store(m, i16x8.narrow_i32x4_u(
      i32x4.shr_u(i32x4.add(m0, v128.and(chance0, low)), 16), i32x4.shr_u(i32x4.add(m1, v128.and(chance1, low)), 16)));
    v128.store(v, i16x8.narrow_i32x4_u(
      i32x4.shr_u(i32x4.add(v0, i32x4.shr_u(chance0, 16)), 16), i32x4.shr_u(i32x4.add(v1, i32x4.shr_u(chance1, 16)), 16)));
    v128.store(g, f32x4.splat(0));
    v128.store(g, f32x4.splat(0), 16);
    place = i32x4.add(place, i32x4.splat(8));
  }
}

/** 32 bits of chance for each place: the finalizer of MurmurHash3 over place and seed. */
// @ts-ignore: decorators on functions are AssemblyScript's
@inline
function mixed(place: v128, seed: v128): v128 {
  let x = v128.xor(i32x4.mul(place, i32x4.splat(0x9e3779b1)), seed);
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x85ebca6b));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(x, i32x4.shr_u(x, 16));
}
