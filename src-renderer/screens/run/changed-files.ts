const COMMAND = /: retort resume \S+ --changed/;

/** What the button is called that goes on although files of a run have changed. */
export const GO_ON_CHANGED = 'Go on with the changed files';

/** Whether a run was refused because its files have changed. */
export const areFilesChanged = (hint: string | undefined): boolean => hint !== undefined && COMMAND.test(hint);

/** A hint that names a command, for a window that has a button for it. */
export const hintWithoutCommand = (hint: string): string => hint.replace(COMMAND, ` with the button “${GO_ON_CHANGED}”`);
