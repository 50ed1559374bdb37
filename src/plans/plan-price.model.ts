import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { SubscriptionType } from './plan-terms.ts';

/** What a plan costs at one interval in one currency. Never changes once it was sold. */
export class PlanPrice extends Model<InferAttributes<PlanPrice>, InferCreationAttributes<PlanPrice>> {
  declare id: string;
  declare planId: string;
  declare subscriptionType: SubscriptionType;
  declare currency: string;
  declare amountMinor: number;
  declare isActive: CreationOptional<boolean>;
  declare createdAt: Date;
  declare archivedAt: CreationOptional<Date | null>;
}

export function initPlanPrice(sequelize: Sequelize): void {
  PlanPrice.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      planId: { type: DataTypes.UUID, allowNull: false },
      subscriptionType: { type: DataTypes.TEXT, allowNull: false },
      currency: { type: DataTypes.TEXT, allowNull: false },
      amountMinor: { type: DataTypes.BIGINT, allowNull: false },
      isActive: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      archivedAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'PlanPrice', tableName: 'plan_prices' },
  );
}
