import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';
import type { Plugin } from 'vite';
import { dependencies } from './package.json' with { type: 'json' };

/** They find their libraries beside their own files. */
const NATIVES = ['koffi', 'onnxruntime-node', 'sqlite3'];

/** Lets `out/main/cli.js` be started by its name, as npm does for an installed command. */
const executable: Plugin = {
  name: 'executable',
  async writeBundle({ dir }) {
    if (dir) await chmod(join(dir, 'cli.js'), 0o755);
  },
};

export default defineConfig({
  main: {
    plugins: [executable],
    build: {
      // The command line and the worker also run in plain Node; Electron's own is newer.
      target: 'node20',
      sourcemap: true,
      // A start loads a few files in place of four hundred, which takes half as long.
      externalizeDeps: { exclude: Object.keys(dependencies).filter((name) => !NATIVES.includes(name)) },
      rolldownOptions: {
        input: {
          'main': 'src-main/main.ts',
          'cli': 'src-main/cli.ts',
          'worker/entry': 'src-main/worker/entry.ts',
        },
      },
    },
  },
  preload: {
    build: {
      // A sandboxed preload script is one CommonJS file without anything of Node.
      rolldownOptions: { input: 'src-main/preload.ts', output: { format: 'cjs', entryFileNames: 'preload.cjs' } },
    },
  },
  renderer: {
    root: 'src-renderer',
    plugins: [svelte({ configFile: false })],
    build: {
      // What the tests' browsers are; Electron's own is newer.
      target: 'chrome108',
      sourcemap: true,
      // No font or image becomes a data: address, which the content security policy forbids.
      assetsInlineLimit: 0,
      rolldownOptions: { input: 'src-renderer/index.html' },
    },
  },
});
