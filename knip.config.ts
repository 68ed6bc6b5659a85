import type { KnipConfig } from 'knip';

export default {
  entry: [
    'src-main/main.ts',
    'src-main/preload.ts',
    'src-main/cli.ts',
    'src-main/worker/entry.ts',
    'src-main/distill/optimizers/kernel/compile.ts',
    'src-main/graph/onnx/make-schema.ts',
    'src-renderer/main.ts',
    'docs/make-icons.ts',
    'docs/make-screens.ts',
    'docs/paper/shipped.ts',
    'docs/smollm2/shipped.ts',
    // Called by electron-builder.
    'scripts/package/deb.mjs',
    'test/e2e/electron/*.cjs',
    'test/**/*.test.ts',
    'test/parity/vllm-model.ts',
    // Forked by tests.
    'test/**/*-child.ts',
    'test/**/children/*.ts',
    'test/fixtures/make/*.ts',
  ],
  project: ['src-main/**/*.ts', 'src-renderer/**/*.{ts,svelte}', 'test/**/*.ts', 'docs/**/*.ts', 'scripts/**/*.mjs'],
  ignore: ['src-main/distill/optimizers/kernel/assembly/**'],
  // The shape of an exported function's parameter is part of it.
  ignoreExportsUsedInFile: { interface: true, type: true },
  // Started by scripts/package/package.mjs.
  ignoreDependencies: ['electron-builder'],
  // Of the system, for tests that say so where they are missing.
  ignoreBinaries: ['Xvfb', 'dbus-run-session', 'dd', 'desktop-file-validate', 'dpkg-deb', 'du', 'go', 'mkfifo', 'mount', 'nvidia-smi', 'prlimit', 'sha256sum', 'umount'],
} satisfies KnipConfig;
