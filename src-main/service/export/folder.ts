/** The file by which a folder is known to be an export: its report. Only such a folder is ever replaced. */
export const EXPORT_REPORT = 'retort-export.json';
