/** A tensor that belongs to a parameter: its weights, its gradients, a moment. */
export interface Region {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether its elements are bfloat16, the upper halves of float32; float32 if left out. */
  readonly isHalf?: boolean;
}

/** Regions of one parameter. They share a memory, because a kernel sees only one. */
export interface ParameterBlock {
  readonly name: string;
  readonly regions: readonly Region[];
}

/** Where a region lies. */
export interface Placement {
  readonly shape: readonly number[];
  /** Number of elements. */
  readonly length: number;
  /** Index of the memory. */
  readonly memory: number;
  /** In bytes from the start of the memory, a multiple of 64. */
  readonly offset: number;
  /** Size rounded up to 64; what follows the last element stays zero, so kernels work on whole groups of 16. */
  readonly bytes: number;
}

export interface Layout {
  /** Size of each memory, a multiple of a page. */
  readonly memoryBytes: readonly number[];
  /** By parameter, then by region. */
  readonly placements: ReadonlyMap<string, ReadonlyMap<string, Placement>>;
}

export const PAGE = 65536;
/** A page less than 4 GiB, so that the address after the last byte still fits 32 bits. */
export const MEMORY_LIMIT = 65535 * PAGE;
const ALIGNMENT = 64;
const MIB = 2 ** 20;
/**
 * Put between large regions. An update walks all regions of a parameter side by side; where their distance is near
 * a power of two (2^25 weights) they compete for the same cache sets and the walk takes four times as long.
 */
const STAGGER = PAGE + 17 * ALIGNMENT;

/** Places blocks in order, each whole in one memory of at most `memoryLimit` bytes. */
export function layOut(blocks: readonly ParameterBlock[], memoryLimit = MEMORY_LIMIT): Layout {
  const ends: number[] = [];
  const placements = new Map<string, ReadonlyMap<string, Placement>>();
  for (const block of blocks) {
    if (placements.has(block.name)) throw new Error(`parameter ${block.name} is placed twice`);
    const bytes = blockBytes(block);
    if (bytes > memoryLimit) throw new Error(`${block.name} takes ${bytes} bytes of a memory of ${memoryLimit}`);
    if (ends.length === 0 || ends.at(-1)! + bytes > memoryLimit) ends.push(0);
    const start = ends.at(-1)!;
    placements.set(block.name, placeRegions(block, ends.length - 1, start));
    ends[ends.length - 1] = start + bytes;
  }
  return { memoryBytes: ends.map((end) => roundUp(end, PAGE)), placements };
}

function placeRegions(block: ParameterBlock, memory: number, start: number): ReadonlyMap<string, Placement> {
  const placed = new Map<string, Placement>();
  let offset = start;
  for (const region of block.regions) {
    if (placed.has(region.name)) throw new Error(`${block.name} has two regions named ${region.name}`);
    const { shape } = region;
    placed.set(region.name, { shape, length: elements(shape), memory, offset, bytes: regionBytes(region) });
    offset += stride(region);
  }
  return placed;
}

function blockBytes(block: ParameterBlock): number {
  return block.regions.reduce((sum, region) => sum + stride(region), 0);
}

function stride(region: Region): number {
  const bytes = regionBytes(region);
  return bytes < MIB ? bytes : bytes + STAGGER;
}

function regionBytes(region: Region): number {
  return roundUp(elements(region.shape) * bytesOfElement(region), ALIGNMENT);
}

/** Of a region's elements. */
export const bytesOfElement = ({ isHalf }: Region): number => (isHalf ? 2 : 4);

function elements(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1);
}

function roundUp(size: number, unit: number): number {
  return Math.ceil(size / unit) * unit;
}
