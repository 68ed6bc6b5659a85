import { plannedBlocks, type Block } from './working-memory.ts';
import type { RunPlan } from './write.ts';

/** What sizes are rounded up to. */
const UNIT = 256;
/** A piece is cut where it is twice as large as what is asked for, or this much larger. */
const WASTE = 2 ** 27;

/** Bytes of constants from which on they are read where the graph has them. */
const LARGE = 128;

/** Part of what was once asked for at one time, which parts never leave: they join again where neighbours are free. */
interface Piece { size: number; isFree: boolean; before: Piece | null; behind: Piece | null }

/**
 * ONNX Runtime's arena that grows by what is asked for: it hands out the smallest free piece that is large enough, whole
 * unless it is far too large, and keeps what it has once had.
 */
class Arena {
  total = 0;
  private readonly free = new Set<Piece>();

  run(plan: RunPlan): void {
    // For as long as the graph is there.
    for (const bytes of plan.constants) if (bytes < LARGE) this.take(bytes);
    const { blocks, moments } = plannedBlocks(plan);
    const at = (moment: (block: Block) => number): Block[][] => {
      const by = Array.from({ length: moments }, (): Block[] => []);
      for (const block of blocks) by[moment(block)]!.push(block);
      return by;
    };
    const [taking, leaving] = [at(({ from }) => from), at(({ to }) => to)];
    const pieces = new Map<Block, Piece>();
    taking.forEach((taken, moment) => {
      for (const block of taken) pieces.set(block, this.take(block.bytes));
      for (const block of leaving[moment]!) this.giveBack(pieces.get(block)!);
    });
  }

  private take(bytes: number): Piece {
    const size = Math.max(1, Math.ceil(bytes / UNIT)) * UNIT;
    const piece = this.smallest(size) ?? this.grown(size);
    this.free.delete(piece);
    piece.isFree = false;
    if (piece.size >= 2 * size || piece.size - size >= WASTE) this.cut(piece, size);
    return piece;
  }

  private giveBack(piece: Piece): void {
    piece.isFree = true;
    if (piece.behind?.isFree) this.join(piece, piece.behind);
    if (piece.before?.isFree) this.join(piece.before, piece);
    else this.free.add(piece);
  }

  private smallest(size: number): Piece | null {
    let best: Piece | null = null;
    for (const piece of this.free) if (piece.size >= size && (best === null || piece.size < best.size)) best = piece;
    return best;
  }

  private grown(size: number): Piece {
    this.total += size;
    return { size, isFree: true, before: null, behind: null };
  }

  private cut(piece: Piece, size: number): void {
    const rest: Piece = { size: piece.size - size, isFree: true, before: piece, behind: piece.behind };
    if (rest.behind) rest.behind.before = rest;
    piece.behind = rest;
    piece.size = size;
    this.free.add(rest);
  }

  private join(left: Piece, right: Piece): void {
    this.free.delete(right);
    left.size += right.size;
    left.behind = right.behind;
    if (left.behind) left.behind.before = left;
  }
}

/**
 * Bytes that ONNX Runtime holds once it has run graphs one after the other: more than their tensors are at any time, because a
 * piece that is a little too large is not cut, and what two small tensors have left behind does not hold a large one.
 */
export function arenaBytes(plans: readonly RunPlan[]): number {
  const arena = new Arena();
  for (const plan of plans) arena.run(plan);
  return arena.total;
}
