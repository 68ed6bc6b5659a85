// AssemblyScript, compiled by ../compile.ts. Addresses and sizes are in bytes; tensors are float32.

/**
 * AdamW (Loshchilov and Hutter 2019, algorithm 2) in the order of PyTorch's: decay, moments, update. Gradients are
 * scaled as they are read and left at zero, where the next step's micro-batches add up.
 * `bytes` is a multiple of 64; what pads a tensor to it is zero and stays zero.
 */
export function adamw(
  weights: usize, gradients: usize, firstMoments: usize, secondMoments: usize, bytes: usize,
  gradientScale: f32, decay: f32, beta1Complement: f32, beta2: f32, beta2Complement: f32,
  rootScale: f32, epsilon: f32, stepSize: f32,
): void {
  const scale = f32x4.splat(gradientScale);
  const kept = f32x4.splat(decay);
  const new1 = f32x4.splat(beta1Complement);
  const old2 = f32x4.splat(beta2);
  const new2 = f32x4.splat(beta2Complement);
  const root = f32x4.splat(rootScale);
  const eps = f32x4.splat(epsilon);
  const size = f32x4.splat(stepSize);
  // Four groups a round: the division and root of one overlap with those of the next.
  for (let i: usize = 0; i < bytes; i += 64) {
    const w = weights + i, g = gradients + i, m = firstMoments + i, v = secondMoments + i;
    adamwGroup(w, g, m, v, scale, kept, new1, old2, new2, root, eps, size);
    adamwGroup(w + 16, g + 16, m + 16, v + 16, scale, kept, new1, old2, new2, root, eps, size);
    adamwGroup(w + 32, g + 32, m + 32, v + 32, scale, kept, new1, old2, new2, root, eps, size);
    adamwGroup(w + 48, g + 48, m + 48, v + 48, scale, kept, new1, old2, new2, root, eps, size);
  }
}

// @ts-ignore: decorators on functions are AssemblyScript's
@inline
function adamwGroup(
  weights: usize, gradients: usize, firstMoments: usize, secondMoments: usize,
  scale: v128, kept: v128, new1: v128, old2: v128, new2: v128, root: v128, eps: v128, size: v128,
): void {
  const g = f32x4.mul(v128.load(gradients), scale);
  const before = v128.load(firstMoments);
  const m = f32x4.add(before, f32x4.mul(new1, f32x4.sub(g, before)));
  const v = f32x4.add(f32x4.mul(v128.load(secondMoments), old2), f32x4.mul(new2, f32x4.mul(g, g)));
  const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(v), root), eps);
  const w = f32x4.mul(v128.load(weights), kept);
  v128.store(weights, f32x4.sub(w, f32x4.mul(size, f32x4.div(m, denominator))));
  v128.store(firstMoments, m);
  v128.store(secondMoments, v);
  v128.store(gradients, f32x4.splat(0));
}

/**
 * Sum of x^2, in float64 and always in the same order. `bytes` is a multiple of 64 and the padding zero.
 */
export function sumOfSquares(x: usize, bytes: usize): f64 {
  let a = f64x2.splat(0), b = f64x2.splat(0), c = f64x2.splat(0), d = f64x2.splat(0);
  for (const end = x + bytes; x < end; x += 64) {
    a = addSquares(a, x); b = addSquares(b, x + 8); c = addSquares(c, x + 16); d = addSquares(d, x + 24);
    a = addSquares(a, x + 32); b = addSquares(b, x + 40); c = addSquares(c, x + 48); d = addSquares(d, x + 56);
  }
  const sum = f64x2.add(f64x2.add(a, b), f64x2.add(c, d));
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

// @ts-ignore: decorators on functions are AssemblyScript's
@inline
function addSquares(sum: v128, address: usize): v128 {
  const pair = f64x2.promote_low_f32x4(v128.load64_zero(address));
  return f64x2.add(sum, f64x2.mul(pair, pair));
}

/** target += source for any number of elements at any address that is a multiple of 4. */
export function add(target: usize, source: usize, count: u32): void {
  const end = target + (<usize>count << 2);
  for (; target + 16 <= end; target += 16, source += 16) {
    v128.store(target, f32x4.add(v128.load(target), v128.load(source)));
  }
  for (; target < end; target += 4, source += 4) {
    store<f32>(target, load<f32>(target) + load<f32>(source));
  }
}

/**
 * Adafactor's factored second moments (Shazeer and Stern 2018, algorithm 4): what the squares of the scaled gradients
 * [rows, columns], each with epsilon added, come to by row and by column, taken into their running means.
 */
export function adafactorMoments(
  gradients: usize, rows: u32, columns: u32, rowMoments: usize, columnMoments: usize,
  gradientScale: f32, epsilon: f32, decay: f32,
): void {
  const columnsEnd = columnMoments + (<usize>columns << 2);
  for (let at = columnMoments; at < columnsEnd; at += 4) store<f32>(at, load<f32>(at) * decay);
  const rowShare = (<f32>1 - decay) / <f32>columns, columnShare = (<f32>1 - decay) / <f32>rows;
  const scale = f32x4.splat(gradientScale), eps = f32x4.splat(epsilon), share = f32x4.splat(columnShare);
  let g = gradients;
  for (let row = rowMoments, end = rowMoments + (<usize>rows << 2); row < end; row += 4) {
    let sums = f32x4.splat(0);
    let sum: f32 = 0;
    let at = columnMoments;
    for (; at + 16 <= columnsEnd; at += 16, g += 16) {
      const x = f32x4.mul(v128.load(g), scale);
      const square = f32x4.add(f32x4.mul(x, x), eps);
      sums = f32x4.add(sums, square);
      v128.store(at, f32x4.add(v128.load(at), f32x4.mul(square, share)));
    }
    for (; at < columnsEnd; at += 4, g += 4) {
      const x = load<f32>(g) * gradientScale;
      const square = x * x + epsilon;
      sum += square;
      store<f32>(at, load<f32>(at) + square * columnShare);
    }
    sum += f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1) + f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
    store<f32>(row, load<f32>(row) * decay + sum * rowShare);
  }
}

/** Sum of the squares of Adafactor's update before it is clipped, u = g / sqrt(row / rowMean * column). */
export function adafactorSquares(
  gradients: usize, rows: u32, columns: u32, rowMoments: usize, columnMoments: usize, gradientScale: f32, rowMean: f32,
): f64 {
  let total: f64 = 0;
  let g = gradients;
  const columnsEnd = columnMoments + (<usize>columns << 2);
  for (let row = rowMoments, end = rowMoments + (<usize>rows << 2); row < end; row += 4) {
    const factor = gradientScale / Mathf.sqrt(load<f32>(row) / rowMean);
    const factors = f32x4.splat(factor);
    let sums = f32x4.splat(0);
    let at = columnMoments;
    for (; at + 16 <= columnsEnd; at += 16, g += 16) {
      const u = f32x4.div(f32x4.mul(v128.load(g), factors), f32x4.sqrt(v128.load(at)));
      sums = f32x4.add(sums, f32x4.mul(u, u));
    }
    let sum: f32 = 0;
    for (; at < columnsEnd; at += 4, g += 4) {
      const u = load<f32>(g) * factor / Mathf.sqrt(load<f32>(at));
      sum += u * u;
    }
    total += <f64>sum + <f64>f32x4.extract_lane(sums, 0) + <f64>f32x4.extract_lane(sums, 1) + <f64>f32x4.extract_lane(sums, 2) + <f64>f32x4.extract_lane(sums, 3);
  }
  return total;
}

/** weights <- kept weights - size u, and the gradients to zero. */
export function adafactorUpdate(
  weights: usize, gradients: usize, rows: u32, columns: u32, rowMoments: usize, columnMoments: usize,
  gradientScale: f32, rowMean: f32, kept: f32, size: f32,
): void {
  const keeps = f32x4.splat(kept);
  let g = gradients, w = weights;
  const columnsEnd = columnMoments + (<usize>columns << 2);
  for (let row = rowMoments, end = rowMoments + (<usize>rows << 2); row < end; row += 4) {
    const factor = size * gradientScale / Mathf.sqrt(load<f32>(row) / rowMean);
    const factors = f32x4.splat(factor);
    let at = columnMoments;
    for (; at + 16 <= columnsEnd; at += 16, g += 16, w += 16) {
      const u = f32x4.div(f32x4.mul(v128.load(g), factors), f32x4.sqrt(v128.load(at)));
      v128.store(w, f32x4.sub(f32x4.mul(v128.load(w), keeps), u));
      v128.store(g, f32x4.splat(0));
    }
    for (; at < columnsEnd; at += 4, g += 4, w += 4) {
      store<f32>(w, load<f32>(w) * kept - load<f32>(g) * factor / Mathf.sqrt(load<f32>(at)));
      store<f32>(g, 0);
    }
  }
}
