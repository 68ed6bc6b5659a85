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
    // One more than there are cores that count: some wait for a browser or a server.
    maxWorkers: 3,
    // The threads of a computation wait for each other by spinning, which takes from the tests beside it more than it
    // gains with models as small as theirs. `service/killed` computes with two.
    env: { RETORT_THREADS: '1' },
    // What is waited for comes sooner or later: on a busy machine later.
    expect: { poll: { timeout: 60_000 } },
  },
});
