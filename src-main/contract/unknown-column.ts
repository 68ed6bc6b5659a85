import { Problem } from './problem.ts';
import { closestName } from './closest-name.ts';

/** @param where  names the file or row in messages */
export function unknownColumn(column: string, columns: readonly string[], where: string): Problem {
  const closest = closestName(column, columns);
  return new Problem(`${where}: there is no column "${column}".`, {
    hint: `${closest === undefined ? '' : `Did you mean "${closest}"? `}The columns are ${columns.join(', ')}.`,
  });
}
