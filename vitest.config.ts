import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // For the interface's state, which is written with runes.
  plugins: [svelte({ configFile: false })],
  test: {
    environment: 'node',
    include: ['test/**/*.test.ts'],
    globalSetup: 'test/support/build.ts',
    // Model loading and short trainings take seconds on two busy cores.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // What is waited for comes sooner or later: on a busy machine later.
    expect: { poll: { timeout: 60_000 } },
  },
});
