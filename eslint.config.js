import tseslint from 'typescript-eslint'
import importX from 'eslint-plugin-import-x'

const clocks = ['Date', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'process']
const pure = {
  'no-restricted-globals': [
    'error',
    ...clocks.map(name => ({
      name,
      message:
        'The core is a function: time and effects arrive as events (docs/internals/rules.md).',
    })),
  ],
  'no-restricted-properties': [
    'error',
    { object: 'Math', property: 'random', message: 'Take a seeded generator as an argument.' },
  ],
  'no-restricted-syntax': [
    'error',
    { selector: 'AwaitExpression', message: 'The core is synchronous: return an effect instead.' },
    {
      selector: 'ImportDeclaration[source.value=/^node:/][source.value!="node:crypto"]',
      message: 'The core performs no I/O: return an effect instead.',
    },
  ],
}

/** Who may import whom: the picture of docs/concepts/architecture.md, checked. */
const walls = [
  [
    'chaincode/src/model',
    ['chaincode/src/contracts', 'network', 'ipfs', 'gateway', 'test-network', 'benchmarks'],
  ],
  ['chaincode', ['network', 'ipfs', 'gateway', 'test-network', 'benchmarks', 'org-portals']],
  ['network', ['chaincode', 'ipfs', 'gateway', 'test-network', 'benchmarks', 'org-portals']],
  ['ipfs', ['chaincode', 'network', 'gateway', 'test-network', 'benchmarks', 'org-portals']],
  // A pure library: it knows nothing of credit, and could be taken elsewhere as it is.
  [
    'gateway/learning',
    ['chaincode', 'network', 'ipfs', 'gateway/src', 'test-network', 'benchmarks', 'org-portals'],
  ],
  ['gateway', ['chaincode/src/contracts', 'test-network', 'benchmarks', 'org-portals']],
  ['org-portals', ['gateway', 'ipfs', 'test-network', 'benchmarks', 'chaincode/src/contracts']],
  [
    'network/src/msp',
    [
      'network/src/consensus',
      'network/src/ledger',
      'network/src/orderer',
      'network/src/peer',
      'network/src/node',
    ],
  ],
  [
    'network/src/consensus',
    ['network/src/ledger', 'network/src/orderer', 'network/src/peer', 'network/src/node'],
  ],
  [
    'network/src/ledger',
    ['network/src/consensus', 'network/src/orderer', 'network/src/peer', 'network/src/node'],
  ],
  ['network/src/orderer', ['network/src/peer', 'network/src/node']],
  ['network/src/peer', ['network/src/consensus', 'network/src/orderer', 'network/src/node']],
  [
    'network/src/proof',
    [
      'network/src/msp',
      'network/src/consensus',
      'network/src/ledger',
      'network/src/orderer',
      'network/src/peer',
      'network/src/node',
    ],
  ],
]
const zones = walls.flatMap(([target, froms]) =>
  froms.map(from => ({
    target: `./${target}`,
    from: `./${from}`,
    message: 'Against the dependency direction.',
  })),
)
const gatewayNeverNetwork = {
  target: './gateway',
  from: './network',
  except: ['./src/proof'],
  message: 'The gateway speaks gRPC; of network/ it may import src/proof only.',
}

export default tseslint.config(
  {
    ignores: ['**/dist/**', '**/node_modules/**', '.triflow/**', 'coverage/**', '**/generated/**'],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    plugins: { 'import-x': importX },
    settings: {
      'import-x/resolver': { node: { extensions: ['.ts', '.tsx', '.js', '.mjs'] } },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      'import-x/no-restricted-paths': ['error', { zones: [...zones, gatewayNeverNetwork] }],
      complexity: ['error', 10],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
    },
  },
  {
    files: [
      'network/src/consensus/**/*.ts',
      'network/src/ledger/rules/**/*.ts',
      'chaincode/src/**/*.ts',
    ],
    ignores: [
      '**/*.test.ts',
      'chaincode/src/main.ts',
      'chaincode/src/contracts/**',
      'chaincode/src/shim/**',
      'chaincode/src/testing/**',
    ],
    rules: pure,
  },
  {
    files: ['chaincode/src/contracts/**/*.ts'],
    rules: {
      'no-restricted-globals': pure['no-restricted-globals'],
      'no-restricted-properties': pure['no-restricted-properties'],
    },
  },
  {
    files: ['gateway/src/**/*.ts'],
    ignores: ['gateway/src/platform/config.ts', '**/*.test.ts', 'gateway/src/cli/**'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Configuration is parsed once, in platform/config.ts.',
        },
      ],
    },
  },
  {
    files: ['**/*.test.ts', '**/*.test.tsx'],
    rules: { 'max-lines-per-function': 'off', '@typescript-eslint/no-unused-expressions': 'off' },
  },
)
