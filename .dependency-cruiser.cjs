/** The rooms of src-main, lower ones first. A room may import itself, the rooms named here and all that these may. */
const ROOMS = {
  contract: [],
  bounds: ['contract'],
  files: ['bounds'],
  hub: ['files'],
  remote: ['hub'],
  graph: ['contract'],
  runtime: ['graph'],
  devices: ['runtime'],
  nn: ['graph'],
  data: ['files'],
  text: ['data'],
  model: ['runtime', 'nn', 'text'],
  decode: ['runtime', 'nn'],
  metrics: ['files'],
  store: ['contract'],
  distill: ['model', 'decode', 'metrics'],
  handover: ['contract'],
  forecast: ['distill'],
  checks: ['forecast', 'remote', 'devices'],
  teacher: ['distill', 'remote'],
  inspect: ['distill'],
  export: ['distill'],
  'run-folder': ['model'],
  picture: ['contract'],
  report: ['run-folder', 'picture', 'export', 'store'],
  service: ['inspect', 'report', 'checks', 'hub', 'teacher', 'handover'],
  worker: ['service'],
  studio: ['service'],
  web: ['worker', 'studio'],
  electron: ['worker', 'studio'],
};

const reach = (room) => [...new Set([room, ...ROOMS[room].flatMap(reach)])];
const folders = (rooms) => `^src-main/(${rooms.join('|')})/`;

const directions = Object.keys(ROOMS).map((room) => ({
  name: `imports-of-${room}`,
  comment: `src-main/${room} may import only: ${reach(room).join(', ')}`,
  severity: 'error',
  from: { path: folders([room]) },
  to: { path: '^src-', pathNot: folders(reach(room)) },
}));

/** Programs that a developer runs to regenerate a committed file. */
const GENERATORS = '^src-main/(distill/optimizers/kernel/compile|graph/onnx/make-schema)[.]ts$';

/** Where a type is said by another that is said by it. */
const TYPES_OF_EACH_OTHER = '^src-main/(graph/(value|onnx/node-writer)|contract/(recipe|stages))[.]ts$';

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'renderer-imports-contract',
      comment: 'The renderer knows the main side only by the contract.',
      severity: 'error',
      from: { path: '^src-renderer/' },
      to: { path: '^src-main/', pathNot: folders(['contract']) },
    },
    {
      name: 'electron-behind-its-doors',
      comment: 'Only electron/, main.ts and preload.ts import electron; all else runs in plain Node.',
      severity: 'error',
      from: { path: '^src-', pathNot: '^src-main/(electron/|(main|preload)[.]ts$)' },
      to: { path: '(^|node_modules/)electron(/|$)' },
    },
    {
      name: 'no-cycles',
      comment: 'Types alone may name each other, where each is said by the other: a node by what writes it, a recipe by its stages.',
      severity: 'error',
      from: { pathNot: TYPES_OF_EACH_OTHER },
      to: { circular: true },
    },
    {
      name: 'no-cycles-of-code',
      severity: 'error',
      from: { path: TYPES_OF_EACH_OTHER },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'installed-with-the-product',
      comment: 'What runs on the main side is a dependency, not a development dependency.',
      severity: 'error',
      from: { path: '^src-main/', pathNot: GENERATORS },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/electron/' },
    },
    {
      name: 'generators-stay-outside',
      severity: 'error',
      from: { path: '^src-' },
      to: { path: GENERATORS },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src-main/distill/optimizers/kernel/assembly/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.svelte', '.json'], conditionNames: ['import', 'node', 'default', 'types'], exportsFields: ['exports'] },
  },
};
