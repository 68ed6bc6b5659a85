import { raise } from './fault.ts';
import type { Frame } from './frame.ts';
import { isIterable, toList } from './iterate.ts';
import type { Target } from './nodes.ts';
import { Namespace, typeName, type Value } from './values.ts';

export function assign(target: Target, value: Value, frame: Frame): void {
  if (target.type === 'name') {
    frame.set(target.name, value);
    return;
  }
  if (target.type === 'member') {
    const namespace = frame.get(target.name);
    if (!(namespace instanceof Namespace)) raise('cannot assign attribute on non-namespace object');
    if (target.attribute.startsWith('_')) raise(`Chat templates cannot store underscore-prefixed attributes on a namespace, but got '${target.attribute}'.`);
    (namespace as Namespace).attributes.set(target.attribute, value);
    return;
  }
  if (!isIterable(value)) raise(`cannot unpack non-iterable ${typeName(value)} object`);
  const values = toList(value, frame.run.budget);
  if (values.length !== target.items.length) raise(`${values.length < target.items.length ? 'not enough' : 'too many'} values to unpack (expected ${target.items.length})`);
  for (const [place, item] of target.items.entries()) assign(item, values[place]!, frame);
}
