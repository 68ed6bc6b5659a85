import type { Recipe } from '../contract/recipe.ts';
import { sizeOf } from '../graph/shape.ts';
import { bytesKept, keptWeights } from '../model/frozen/kept.ts';
import { formatOf } from '../model/frozen/open-frozen.ts';
import type { Model } from '../model/load-model.ts';
import { buildDecoder, listHead } from '../nn/build.ts';
import type { Decoder } from '../nn/decoder.ts';
import { packedBytes } from './packed-bytes.ts';

/** What a model takes that is not trained. What of it is read from its file counts as well: it has to be there to be fast. */
export function frozenBytes({ folder, parameters }: Model, { precision, products, device }: Pick<NonNullable<Recipe['teacher']>, 'precision' | 'products' | 'device'>): number {
  const { mapped, own } = bytesKept(keptWeights(folder, parameters, { precision, products, readsStored: device === 'cpu' }));
  return mapped + own;
}

/** A model as it computes with its weights as they are kept: what is unpacked is in the graph. */
export function frozenDecoder({ folder, parameters }: Model, { precision, products, device }: Parameters<typeof frozenBytes>[1]): Decoder {
  return buildDecoder(folder.config, formatOf(keptWeights(folder, parameters, { precision, products, readsStored: device === 'cpu' })));
}

/** What it takes more where it writes. */
export function packedOf({ folder, parameters }: Model, { precision, products, device }: Parameters<typeof frozenBytes>[1]): number {
  return packedBytes(keptWeights(folder, parameters, { precision, products, readsStored: device === 'cpu' })).beside;
}

const FLOAT = 4;

/** What of a model the loss multiplies by, in float32: it stays where the rest of a teacher goes. */
export const headBytes = ({ folder: { config } }: Model): number => FLOAT * listHead(config).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
