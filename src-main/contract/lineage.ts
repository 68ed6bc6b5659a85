/** A model or a file of data that an export comes from, as far as it says itself. */
export interface Ancestor {
  role: 'base model' | 'teacher' | 'data';
  /** Its folder's or file's name. */
  name: string;
  /** On a hub; null where nothing says that it is there. */
  id: string | null;
  /** By the hub's names, `apache-2.0`; null where nothing says. */
  licence: string | null;
  /** What says so, as a sentence calls it; null for nothing. */
  saidBy: string | null;
}
