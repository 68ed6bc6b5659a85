import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Whether a place looks like a model's at a glance: a folder with a config, or with an adapter's, or a file. */
export function isModel(path: string): boolean {
  if (existsSync(path) && statSync(path).isFile()) return true;
  return ['config.json', 'adapter_config.json'].some((name) => existsSync(join(path, name)));
}
