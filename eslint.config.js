import eslint from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

export default defineConfig(
  { ignores: ['out/', 'dist/', 'coverage/', '.svelte-check/', 'src-main/distill/optimizers/kernel/assembly/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  eslint.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.json', './src-renderer/tsconfig.json'], tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.svelte'] } },
    rules: {
      'max-lines': ['error', { max: 300 }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // Parameters of a common signature that one implementation has no use for.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // An async function without await still turns what it throws into a rejection.
      '@typescript-eslint/require-await': 'off',
      // Tables of operators, rules and commands are objects of plain functions; none of them reads `this`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Types are svelte-check's work.
    files: ['src-renderer/**/*.svelte'],
    extends: [tseslint.configs.recommended, svelte.configs.recommended],
    languageOptions: { parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] } },
    rules: {
      'max-lines': ['error', { max: 300 }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // TypeScript knows what there is.
      'no-undef': 'off',
      // Addresses begin with `#`: there is no router to resolve them.
      'svelte/no-navigation-without-resolve': 'off',
      // {' '} keeps a space that Svelte would take off.
      'svelte/no-useless-mustaches': 'off',
    },
  },
  {
    // The person may have gone elsewhere meanwhile, and would be taken away from there.
    files: ['src-renderer/**/*.svelte', 'src-renderer/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', {
        selector: ':function[async=true] CallExpression[callee.object.name="route"][callee.property.name="go"]',
        message: 'What leads on after work takes `route.onward()` before it.',
      }, { selector: 'ExportDefaultDeclaration', message: 'Export by name.' }],
    },
  },
  {
    files: ['test/**/*.ts'],
    // What `expect.any` and its kin return.
    rules: { '@typescript-eslint/no-unsafe-assignment': 'off' },
  },
  {
    // A string is the beginning or middle of other names too, of what appears a moment later as well: `Compare` of `Compared: show as a table`.
    files: ['test/e2e/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', {
        selector: 'CallExpression[callee.property.name="getByRole"] > ObjectExpression:has(> Property[key.name="name"]:not([value.regex]):not([value.type="NewExpression"])):not(:has(> Property[key.name="exact"]))',
        message: 'Say `exact: true`, or give a regular expression.',
      }, {
        selector: 'CallExpression[callee.property.name=/^getBy(Label|Placeholder|Title|AltText)$/][arguments.length=1] > :first-child:not([regex]):not(NewExpression)',
        message: 'Say `exact: true`, or give a regular expression.',
      }],
    },
  },
  {
    files: ['src-main/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', { selector: 'ExportDefaultDeclaration', message: 'Export by name.' }],
    },
  },
  {
    files: ['src-main/**/*.ts'],
    ignores: ['src-main/electron/channels.ts', 'src-main/preload.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        paths: [{ name: 'electron', importNames: ['ipcMain', 'ipcRenderer'], message: 'Use electron/channels.ts, which checks who asks and what.' }],
      }],
    },
  },
  {
    // Programs that Node runs as they are.
    files: ['scripts/**/*.mjs', 'test/**/*.cjs'],
    languageOptions: { globals: Object.fromEntries(['console', 'process', 'require', 'AbortController', 'AbortSignal', 'Buffer'].map((name) => [name, 'readonly'])) },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
