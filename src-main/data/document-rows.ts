import { ExactNumber } from '../contract/exact-number.ts';

/**
 * The rows in a JSON document: those of its list, also as "data" or as the only list in an object; a conversation alone is
 * one row. Null where it holds none, or more than one list that might be meant.
 */
export function rowsIn(document: unknown): readonly unknown[] | null {
  if (Array.isArray(document)) return document as unknown[];
  if (!isHolder(document)) return null;
  if ('data' in document && Array.isArray(document.data)) return document.data as unknown[];
  const lists = Object.values(document).filter(isListOfHolders);
  if (lists.length !== 1) return null;
  return lists[0]!.every(isMessage) ? [document] : lists[0]!;
}

/** Whether a value is a list of objects or lists, as conversations and files of rows are. */
export const isListOfHolders = (value: unknown): value is object[] => Array.isArray(value) && value.length > 0 && value.every(isHolder);

export const isHolder = (value: unknown): value is object => typeof value === 'object' && value !== null && !(value instanceof ExactNumber);

/** A turn of a conversation, as the common tools write it. */
const isMessage = (value: object): boolean => 'role' in value || 'from' in value;
