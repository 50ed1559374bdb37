import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { Feature, FeaturePrices, LocalizedText, Rollover } from './plan-terms.ts';

/** A plan with its monthly quota of credits. */
export class Plan extends Model<InferAttributes<Plan>, InferCreationAttributes<Plan>> {
  declare id: string;
  declare planCode: string;
  declare names: LocalizedText;
  declare descriptions: LocalizedText;
  declare features: Feature[];
  declare creditsMonthly: number;
  declare rollover: CreationOptional<Rollover>;
  declare rolloverCap: CreationOptional<number | null>;
  /** Null: the caller of a consumption names the amount. */
  declare featurePrices: CreationOptional<FeaturePrices | null>;
  /** Percents of the monthly quota, highest first: a balance that falls to one of them is low. */
  declare alertPercents: CreationOptional<number[]>;
  declare isPopular: CreationOptional<boolean>;
  declare isActive: CreationOptional<boolean>;
  declare sortOrder: CreationOptional<number>;
  declare createdAt: Date;
  declare updatedAt: Date;
}

export function initPlan(sequelize: Sequelize): void {
  Plan.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      planCode: { type: DataTypes.TEXT, allowNull: false },
      names: { type: DataTypes.JSONB, allowNull: false },
      descriptions: { type: DataTypes.JSONB, allowNull: false },
      features: { type: DataTypes.JSONB, allowNull: false },
      creditsMonthly: { type: DataTypes.BIGINT, allowNull: false },
      rollover: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'none' },
      rolloverCap: { type: DataTypes.BIGINT, allowNull: true },
      featurePrices: { type: DataTypes.JSONB, allowNull: true },
      alertPercents: { type: DataTypes.ARRAY(DataTypes.SMALLINT), allowNull: false, defaultValue: [20, 5, 0] },
      isPopular: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      isActive: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      sortOrder: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      updatedAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'Plan', tableName: 'plans' },
  );
}
