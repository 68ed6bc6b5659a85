import { withNames } from './dropped.ts';
import { fieldName, RECIPE_FIELDS } from './fields.ts';
import { fullStop } from '../format.ts';

/** A message as a sentence with the names a person knows: of fields as the wizard calls them, of dropped files their own. */
export const readable = (text: string): string => fullStop(withNames(text).replaceAll(/(?<![\w./\\])[a-z]+(?:\.[a-zA-Z]+)+(?![\w/\\])/g,
  (path) => (RECIPE_FIELDS.has(path) ? `“${fieldName(path)}”` : path)));
