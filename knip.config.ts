import type { KnipConfig } from 'knip';

export default {
  entry: [
    'src-main/cli.ts',
    'src-main/worker/entry.ts',
    'src-main/distill/optimizers/kernel/compile.ts',
    'src-main/graph/onnx/make-schema.ts',
    'docs/make-recipe.ts',
    'test/**/*.test.ts',
    'test/bench/run.ts',
    // Forked by tests.
    'test/**/*-child.ts',
    'test/**/children/*.ts',
  ],
  project: ['src-main/**/*.ts', 'src-renderer/**/*.{ts,svelte}', 'test/**/*.ts', 'docs/**/*.ts'],
  ignore: ['src-main/distill/optimizers/kernel/assembly/**'],
  // The shape of an exported function's parameter is part of it.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // The window's, whose code is still to come.
  ignoreDependencies: [
    '@axe-core/playwright', '@lucide/svelte', '@sveltejs/vite-plugin-svelte', 'bits-ui', 'electron', 'electron-builder',
    'eslint-plugin-svelte', 'playwright-core', 'svelte', 'svelte-check', 'uplot',
  ],
} satisfies KnipConfig;
