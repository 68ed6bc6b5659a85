/** Where `retort serve` keeps the copy of a file that was dropped on a browser's page. */
const COPY = /\S*[\\/]uploads[\\/][0-9a-f]{12}[\\/]/;

/** Whether a path is such a copy. */
export const isDropped = (path: string): boolean => COPY.test(path);

/** A path as its person knows it: of a dropped file its name. */
export const placeName = (path: string): string => path.replace(COPY, '');

/** A message that names files by the names their person knows. */
export const withNames = (text: string): string => text.replaceAll(new RegExp(COPY, 'g'), '');
