import { gatherRows } from '../graph/ops/gather.ts';
import { transpose } from '../graph/ops/layout.ts';
import { matmul } from '../graph/ops/matmul.ts';
import { distances, type Length } from '../graph/ops/distances.ts';
import type { Graph, Value } from '../graph/value.ts';

export interface RelativeBiasSpec {
  /** The parameter, [buckets, heads]. */
  name: string;
  heads: number;
  buckets: number;
  /** From this distance on all share the last bucket. */
  maxDistance: number;
  /** Whether what comes after a position has buckets of its own, as in an encoder. */
  isBidirectional: boolean;
}

/** T5's positions: a learned number for each head, added to the score by how far apart query and key are. */
export class RelativeBias {
  private readonly spec: RelativeBiasSpec;

  constructor(spec: RelativeBiasSpec) {
    this.spec = spec;
  }

  /** [1, heads, length, length] of a text of that length. Differentiable. */
  square(graph: Graph, length: number): Value {
    const { name, maxDistance } = this.spec;
    return graph.once(`${name} ${length}`, () => {
      const index = new Int32Array(length * length);
      for (let query = 0; query < length; query++) {
        for (let key = 0; key < length; key++) index[query * length + key] = clamp(query - key, maxDistance) + maxDistance;
      }
      return this.at(graph.constant('int32', [1, length, length], index));
    });
  }

  /** [1, heads, queries, keys] where the queries are the last of the keys' text. */
  between(queries: Length, keys: Length): Value {
    return this.at(distances(queries, keys, this.spec.maxDistance));
  }

  /** [1, heads, queries, keys] for places [1, queries, keys] in the table of distances -maxDistance to maxDistance. */
  private at(places: Value): Value {
    return transpose(gatherRows(this.table(places.graph), places), [0, 3, 1, 2]);
  }

  /** The bias of every distance, [2 maxDistance + 1, heads]. */
  private table(graph: Graph): Value {
    const { name, heads, buckets, maxDistance } = this.spec;
    return graph.once(`${name} by distance`, () => {
      const count = 2 * maxDistance + 1;
      const chosen = new Float32Array(count * buckets);
      for (let at = 0; at < count; at++) chosen[at * buckets + bucketOf(at - maxDistance, this.spec)] = 1;
      // A product rather than a lookup: what flows back then is as small as the parameter.
      return matmul(graph.constant('float32', [count, buckets], chosen), graph.parameter(name, [buckets, heads]));
    });
  }
}

const clamp = (distance: number, limit: number): number => Math.max(-limit, Math.min(limit, distance));

/** @param distance  query position minus key position */
function bucketOf(distance: number, { buckets, maxDistance, isBidirectional }: RelativeBiasSpec): number {
  const count = isBidirectional ? buckets / 2 : buckets;
  const offset = isBidirectional && distance < 0 ? count : 0;
  const far = isBidirectional ? Math.abs(distance) : Math.max(distance, 0);
  const exact = Math.floor(count / 2);
  if (far < exact) return offset + far;
  // In float32, as Transformers computes it: the edges of the buckets depend on it.
  const share = Math.fround(Math.fround(Math.log(Math.fround(far / exact))) / Math.fround(Math.log(maxDistance / exact)));
  return offset + Math.min(exact + Math.trunc(Math.fround(share * (count - exact))), count - 1);
}
