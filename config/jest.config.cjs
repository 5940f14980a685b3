// Jest on Node 20 cannot require ESM packages, so our own code and the listed ESM-only packages are
// transformed to CommonJS by swc. A new ESM-only dependency shows as "Must use import to load ES Module":
// add it to ESM_PACKAGES.
const swc = (syntax) => [
  '@swc/jest',
  {
    jsc: {
      target: 'es2022',
      parser: syntax === 'ts' ? { syntax: 'typescript', decorators: true } : { syntax: 'ecmascript' },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      keepClassNames: true,
    },
    module: { type: 'commonjs' },
    sourceMaps: 'inline',
    swcrc: false,
  },
];

const ESM_PACKAGES =
  '(@nestjs|p-retry|is-network-error|axios|content-disposition|cookie|file-type|strtok3|token-types|uint8array-extras|@tokenizer|@borewit|fast-check|pure-rand|es-toolkit|canonicalize|standardwebhooks|@stablelib)';

/** @type {import('jest').Config} */
module.exports = {
  rootDir: '..',
  testEnvironment: 'node',
  transform: { '^.+\\.ts$': swc('ts'), '^.+\\.m?js$': swc('js') },
  transformIgnorePatterns: [`/node_modules/(?!.*/node_modules/)(?!${ESM_PACKAGES}/)`],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/var/'],
  globalSetup: '<rootDir>/test/global-setup.mjs',
  globalTeardown: '<rootDir>/test/global-teardown.mjs',
  testTimeout: 30_000,
  testMatch: ['<rootDir>/src/**/*.spec.ts', '<rootDir>/test/**/*.spec.ts'],
};
