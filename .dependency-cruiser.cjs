/**
 * Who may import whom:
 * main, app → api | pages | webhooks | admin | jobs | sandbox → billing → domains → db → kit
 */
const domains = 'accounts|approvals|audit|credits|incidents|mail|orders|payments|plans|reports|subscriptions';
const shells = 'api|pages|webhooks|admin|jobs|sandbox';
const value = { dependencyTypesNot: ['type-only'] };

/** What `from` must not import, type or not. */
const layer = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});

/** An SDK and the files that may know it; tests and tools aside. */
const sdk = (name, packages, adapters) => ({
  name: `${name}-only-in-its-adapter`,
  severity: 'error',
  comment: `Behind its adapter ${name} can be replaced, and faked, in one place.`,
  from: { path: '^src/', pathNot: adapters },
  to: { path: `node_modules/(${packages})(/|$)`, ...value },
});

module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true, viaOnly: value } },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'A missing file or a package that package.json does not name.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-undeclared-packages',
      severity: 'error',
      comment: 'The panel’s components run in the browser, where AdminJS brings React and its companions.',
      from: { path: '^src/', pathNot: '^src/admin/components/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-dev-packages-in-src',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/admin/components/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    layer('kit-imports-nothing-of-ours', '^src/kit/', '^src/(?!kit/)', 'The kit knows no billing words.'),
    layer('states-import-nothing-of-ours', '^src/states/', '^src/(?!states/)', 'A table that every domain may ask.'),
    layer('config-imports-nothing-of-ours', '^src/config\\.ts$', '^src/', 'Settings are read before anything else is.'),
    {
      name: 'db-is-below-the-domains',
      severity: 'error',
      comment: 'The registry of models is all that the database layer knows of the domains.',
      from: { path: '^src/db/' },
      to: { path: '^src/(?!db/|kit/)', pathNot: '\\.model\\.ts$', ...value },
    },
    {
      name: 'domains-do-not-know-each-other',
      severity: 'error',
      comment: 'What needs two domains is a flow in billing/. Types may be shared.',
      from: { path: `^src/(${domains})/` },
      to: { path: `^src/(${domains})/`, pathNot: '^src/$1/', ...value },
    },
    layer(
      'domains-do-not-know-flows-or-shells',
      `^src/(${domains})/`,
      `^src/(billing|${shells}|boot|main\\.ts|app\\.ts)`,
      'Dependencies point down.',
    ),
    {
      name: 'flows-do-not-know-shells',
      severity: 'error',
      comment: 'Dependencies point down.',
      from: { path: '^src/billing/' },
      to: { path: `^src/(${shells}|boot|main\\.ts|app\\.ts)`, ...value },
    },
    {
      name: 'shells-do-not-know-each-other',
      severity: 'error',
      comment: 'What two ways in share is a flow, a domain or the kit. Types may be shared.',
      from: { path: `^src/(${shells})/`, pathNot: '^src/sandbox/' },
      to: { path: `^src/(${shells}|boot|main\\.ts|app\\.ts)`, pathNot: '^src/$1/|\\.model\\.ts$', ...value },
    },
    {
      name: 'the-sandbox-runs-jobs-and-no-more',
      severity: 'error',
      comment: 'Whoever turns the clock lets the jobs of the days between run.',
      from: { path: '^src/sandbox/' },
      to: { path: `^src/(${shells}|boot|main\\.ts|app\\.ts)`, pathNot: '^src/(sandbox|jobs)/', ...value },
    },
    {
      name: 'one-writer-per-table',
      severity: 'error',
      comment: 'A model is imported by its own folder, by the registry and by the panel only.',
      from: { path: '^src/([^/]+)/', pathNot: '^src/(db|admin)/' },
      to: { path: '\\.model\\.ts$', pathNot: '^src/$1/', ...value },
    },
    layer(
      'settings-are-handed-down',
      `^src/(kit|db|${domains}|billing|${shells})/`,
      '^src/config\\.ts$',
      'Only main reads settings.',
    ),
    sdk('paypal', '@paypal', '^src/payments/providers/'),
    sdk('nodemailer', 'nodemailer', '^src/mail/'),
    sdk('ioredis', 'ioredis|connect-redis', '^src/kit/'),
    sdk('adminjs', 'adminjs|@adminjs', '^src/admin/'),
    sdk('graphile-worker', 'graphile-worker', '^src/(jobs|db)/'),
    sdk('node-cron', 'node-cron', '^src/jobs/'),
    sdk('sequelize', 'sequelize|umzug', `^src/(db|admin|billing|jobs|${domains})/`),
    sdk('bcrypt', '@node-rs', '^src/accounts/'),
    sdk('jsonwebtoken', 'jsonwebtoken', '^src/accounts/'),
    sdk('otpauth', 'otpauth', '^src/accounts/'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: 'specify',
    enhancedResolveOptions: {
      extensions: ['.ts', '.tsx', '.js', '.cjs', '.mjs', '.json'],
      conditionNames: ['import', 'node', 'types'],
      exportsFields: ['exports'],
    },
  },
};
