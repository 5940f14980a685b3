import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import globals from 'globals';
import tseslint from 'typescript-eslint';
import {
  ADAPTERS_OF_TIME_AND_CHANCE,
  DOMAIN_ROOMS,
  NO_PROFILE_NAMES,
  NO_TIME_OR_CHANCE,
  OWE_A_PORT,
} from './eslint-house-rules.mjs';

/** House §2.8: the tail is guarded, not the average. Prettier owns the looks. */
const SIZES = {
  'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
  'max-lines-per-function': ['error', { max: 70, skipBlankLines: false, skipComments: false, IIFEs: true }],
  'max-params': ['error', 4],
  'max-depth': ['error', 3],
  // Every `??` and `?.` counts as a branch, hence not lower.
  complexity: ['error', 20],
};

const STYLE = {
  eqeqeq: ['error', 'always', { null: 'ignore' }],
  'no-console': 'error',
  'no-param-reassign': 'error',
  'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx', 'hack'], location: 'start' }],
  'object-shorthand': 'error',
  'prefer-const': 'error',
};

const TYPED = {
  '@typescript-eslint/no-explicit-any': 'error',
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
  '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  '@typescript-eslint/restrict-template-expressions': [
    'error',
    { allowNumber: true, allowBoolean: true, allowNullish: true },
  ],
  // Constructor parameters are injected by their class: an import of the type alone would leave Nest with nothing.
  '@typescript-eslint/consistent-type-imports': 'off',
  // An empty class is what Nest's modules are.
  '@typescript-eslint/no-extraneous-class': 'off',
  // Async by contract (a port, a Nest hook) without a wait of one's own is common and harmless.
  '@typescript-eslint/require-await': 'off',
};

/** Jest's own idioms: a describe block is a list of cases, not a function that does too much. */
const IN_TESTS = {
  'max-lines-per-function': 'off',
  'max-lines': ['error', { max: 600 }],
  '@typescript-eslint/unbound-method': 'off',
  '@typescript-eslint/no-non-null-assertion': 'off',
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'var/', 'coverage/', 'web/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname + '/..' } },
    rules: { ...SIZES, ...STYLE, ...TYPED },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/**/*.spec.ts'],
    rules: { 'no-restricted-syntax': ['error', NO_PROFILE_NAMES] },
  },
  {
    files: DOMAIN_ROOMS.map((room) => `src/${room}/**/*.ts`),
    ignores: ['src/**/*.spec.ts', ...ADAPTERS_OF_TIME_AND_CHANCE, ...OWE_A_PORT],
    rules: { 'no-restricted-syntax': ['error', NO_PROFILE_NAMES, ...NO_TIME_OR_CHANCE] },
  },
  // Both judge bodies as they come off the wire, where anything may stand in any field.
  {
    files: ['src/simulator/**/*.ts', 'test/independent/**/*.ts'],
    rules: { '@typescript-eslint/no-base-to-string': 'off' },
  },
  // One function per call of the contract, branch by branch in its order: it is read beside the text.
  { files: ['test/independent/**/*.ts'], rules: { complexity: 'off' } },
  // A migration is one long statement, and is never edited again.
  { files: ['src/app/migrations/**/*.ts'], rules: { 'max-lines': 'off', 'max-lines-per-function': 'off' } },
  { files: ['**/*.spec.ts', 'test/**/*.ts'], rules: IN_TESTS },
  {
    files: ['**/*.{mjs,cjs}'],
    languageOptions: { globals: globals.node },
    rules: { ...SIZES, ...STYLE, 'no-console': 'off' },
  },
  prettier,
);
