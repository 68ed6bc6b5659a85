import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { listTree } from '../../files/list-tree.ts';

/** The file by which a folder is known to be an export: its report. Only such a folder is ever replaced. */
export const EXPORT_REPORT = 'retort-export.json';

const listed = z.object({ files: z.array(z.string()) });

/** What exports of before, which listed no files, wrote. */
const KNOWN = /^(README\.md|retort-export\.json|(config|generation_config|genai_config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab)\.json|chat_template\.jinja|merges\.txt|model\.safetensors|onnx\/[\w.]+\.onnx(_data)?)$/;

/** The files of an earlier export that are Retort's own: those that its report lists. */
export async function exportedFiles(folder: string): Promise<ReadonlySet<string>> {
  const report = listed.safeParse(JSON.parse(await readFile(join(folder, EXPORT_REPORT), 'utf8').catch(() => 'null')));
  return new Set(report.success ? report.data.files : (await listTree(folder)).filter((file) => KNOWN.test(file)));
}
