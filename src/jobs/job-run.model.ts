import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

/** One run of a job for one tick of the clock. */
export class JobRun extends Model<InferAttributes<JobRun>, InferCreationAttributes<JobRun>> {
  declare id: string;
  declare job: string;
  declare scheduledFor: Date;
  declare startedAt: Date;
  declare finishedAt: CreationOptional<Date | null>;
  /** So far, while it runs. */
  declare counts: CreationOptional<Record<string, number> | null>;
  /** When it last said how far it is. */
  declare toldAt: CreationOptional<Date | null>;
  declare error: CreationOptional<string | null>;
  /** What the other columns say; `running` stays where a process was killed. */
  declare status: CreationOptional<'running' | 'completed' | 'failed'>;
}

export function initJobRun(sequelize: Sequelize): void {
  JobRun.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      job: { type: DataTypes.TEXT, allowNull: false },
      scheduledFor: { type: DataTypes.DATE, allowNull: false },
      startedAt: { type: DataTypes.DATE, allowNull: false },
      finishedAt: { type: DataTypes.DATE, allowNull: true },
      counts: { type: DataTypes.JSONB, allowNull: true },
      toldAt: { type: DataTypes.DATE, allowNull: true },
      error: { type: DataTypes.TEXT, allowNull: true },
      // The database says.
      status: { type: DataTypes.TEXT, allowNull: true },
    },
    { sequelize, modelName: 'JobRun', tableName: 'job_runs' },
  );
}
