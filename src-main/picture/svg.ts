/** An SVG document of this size in CSS pixels: system fonts, readable on light and dark. */
export function document(width: number, height: number, title: string, body: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">`,
    `<style>${STYLE}</style>`,
    `<rect width="100%" height="100%" class="paper"/>`,
    text(16, 24, title, 'class="title"'),
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

export function text(x: number, y: number, content: string, attributes = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escape(content)}</text>`;
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${attributes}/>`;
}

/** A dot whose value is told on hover. */
export function dot(x: number, y: number, label: string, attributes: string): string {
  return `<circle cx="${round(x)}" cy="${round(y)}" r="4" ${attributes}><title>${escape(label)}</title></circle>`;
}

export function polyline(points: readonly (readonly [number, number])[], attributes: string): string {
  return `<polyline points="${points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}" fill="none" ${attributes}/>`;
}

/** What lies between a line of largest and one of smallest values. */
export function band(upper: readonly (readonly [number, number])[], lower: readonly (readonly [number, number])[], attributes: string): string {
  return `<polygon points="${[...upper, ...lower.toReversed()].map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}" ${attributes}/>`;
}

/** Colours that are told apart in light, dark and greyscale; lines also differ in their dashes. */
const INKS = 6;
export const ink = (at: number): string => `class="ink-${at % INKS}"${at >= INKS ? ' stroke-dasharray="5 3"' : ''}`;

const round = (value: number): number => Math.round(value * 100) / 100;
/** Text between tags or within double quotes. */
export const escape = (content: string): string => content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const LIGHT = ['#2457a6', '#9a4a0c', '#0a6c70', '#a03a72', '#5d6b00', '#171b1c'];
const DARK = ['#82b1f5', '#eba25f', '#5cc7c4', '#ee8fc0', '#b9c653', '#f0f3f3'];
const inks = (colours: readonly string[]): string => colours.map((colour, at) => `.ink-${at}{stroke:${colour};fill:${colour}}`).join('');
const STYLE = `
  text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif;fill:#171b1c}
  .title{font-weight:600;font-size:14px} .quiet{fill:#565e60} .paper{fill:#fcfcfb} .grid{stroke:#d5d8d7} .level{stroke:#868d8c;stroke-dasharray:2 3}
  line,polyline{stroke-width:1.5} .grid{stroke-width:1} polyline[class]{fill:none} ${inks(LIGHT)}
  @media(prefers-color-scheme:dark){text{fill:#e4e8e8} .quiet{fill:#a2acaf} .paper{fill:#14181a} .grid{stroke:#333b3f} ${inks(DARK)}}`;
