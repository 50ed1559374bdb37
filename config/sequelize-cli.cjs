/**
 * For `npx sequelize-cli` only: the application itself reads its settings in src/config.ts. Both keep the same record
 * of what was run.
 */
const target = {
  use_env_variable: 'DATABASE_URL',
  dialect: 'postgres',
  seederStorage: 'sequelize',
  seederStorageTableName: 'SequelizeData',
};

module.exports = { development: target, test: target, production: target };
