import type { Line, Points } from './line.ts';

export interface Row { x: number; cells: (number | null)[] }

/** What a chart shows, as a table: a row a place, then mean, smallest and largest of each line, then what was measured there. */
export function tableOf(lines: readonly Line[], points: readonly Points[]): { columns: string[]; rows: Row[] } {
  const columns = [...lines.flatMap(({ label, min }) => (min ? [label, `${label}, smallest`, `${label}, largest`] : [label])), ...points.map(({ label }) => label)];
  const rows = new Map<number, Row>();
  const put = (x: number, column: number, value: number | null): void => {
    let row = rows.get(x);
    if (!row) rows.set(x, row = { x, cells: new Array<null>(columns.length).fill(null) });
    row.cells[column] = value;
  };
  let column = 0;
  for (const { x, mean, min, max } of lines) {
    for (const values of min && max ? [mean, min, max] : [mean]) {
      for (const [at, place] of x.entries()) put(place, column, values[at] ?? null);
      column++;
    }
  }
  for (const { points: group } of points) {
    for (const { x, value } of group) put(x, column, value);
    column++;
  }
  return { columns, rows: [...rows.values()].sort((a, b) => a.x - b.x) };
}

/** The table for a spreadsheet: tabs between cells, plain numbers. */
export function asText(first: string, { columns, rows }: ReturnType<typeof tableOf>): string {
  return [[first, ...columns].join('\t'), ...rows.map(({ x, cells }) => [x, ...cells.map((cell) => cell ?? '')].join('\t'))].join('\n');
}
