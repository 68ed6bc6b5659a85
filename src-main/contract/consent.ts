/** Something outside the program that a recipe would start or send to, for the person to allow or not. */
export interface Reach {
  /** Of all that the person is asked about: what has changed is asked about again. */
  digest: string;
  kind: 'command' | 'address';
  /** The whole command, as a shell would be given it, or the whole address; hidden characters are visible. */
  what: string;
  /** The folder that a command runs in. */
  where: string | null;
  /** What it is given, as a sentence. */
  given: string;
}

/** A reach that was allowed, and when (milliseconds since 1970). */
export interface Allowed extends Reach { at: number }
