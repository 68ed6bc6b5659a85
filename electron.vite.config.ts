import { defineConfig } from 'electron-vite';

export default defineConfig({
  main: {
    build: {
      // The command line and the worker also run in plain Node; Electron's own is newer.
      target: 'node20',
      sourcemap: true,
      rolldownOptions: {
        input: {
          'cli': 'src-main/cli.ts',
          'worker/entry': 'src-main/worker/entry.ts',
        },
      },
    },
  },
});
