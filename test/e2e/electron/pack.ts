import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'electron-builder';
import { buildForOldElectron } from './old-electron.ts';

const VERSION = '22.3.25';
const NATIVES = ['onnxruntime-node', 'sqlite3', 'koffi'];

/** Packs the application as the product's own configuration says, into an old Electron. @returns the packed program */
export async function packForOldElectron(dist: string, to: string): Promise<string> {
  await buildForOldElectron(to);
  const { dependencies } = JSON.parse(await readFile('package.json', 'utf8')) as { dependencies: Record<string, string> };
  await writeFile(join(to, 'package.json'), JSON.stringify({
    name: 'retort', version: '0.1.0', main: 'out/main/main.js', description: 'Retort', author: 'Retort contributors',
    // Everything else is bundled for this Electron.
    dependencies: Object.fromEntries(NATIVES.map((name) => [name, dependencies[name]])),
  }));
  const config = join(to, 'electron-builder.yml');
  const own = await readFile('electron-builder.yml', 'utf8');
  // The one fuse that this version has not got yet.
  await writeFile(config, `${own.replace(/^ +grantFileProtocolExtraPrivileges: .*\n/m, '')}\nelectronDist: ${dist}\nelectronVersion: ${VERSION}\n`);
  await build({ projectDir: to, config: resolve(config), dir: true, linux: ['dir'], publish: 'never' });
  return join(to, 'dist', 'linux-unpacked', 'retort');
}
