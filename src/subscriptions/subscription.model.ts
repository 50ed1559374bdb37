import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { Rollover, SubscriptionType } from '../plans/plan-terms.ts';
import type { SubscriptionStatus } from './subscription-states.ts';

/** Who has which plan until when, on the terms of the day it was bought. */
export class Subscription extends Model<InferAttributes<Subscription>, InferCreationAttributes<Subscription>> {
  declare id: string;
  declare userId: string;
  declare planId: string;
  declare priceId: string | null;
  declare orderId: string | null;
  declare subscriptionType: SubscriptionType;
  declare status: SubscriptionStatus;
  declare creditsMonthly: number;
  declare rollover: Rollover;
  declare rolloverCap: number | null;
  declare anchorAt: Date;
  declare startDate: Date;
  declare endDate: Date | null;
  declare quotaResetsAt: Date | null;
  declare cancelAtPeriodEnd: CreationOptional<boolean>;
  /** The last reminder of this period's end said so many days before it; null: none yet. */
  declare remindedDays: CreationOptional<number | null>;
  /** At which price the customer goes on when this period ends, where they chose another plan. */
  declare nextPriceId: CreationOptional<string | null>;
  declare createdAt: Date;
  declare endedAt: CreationOptional<Date | null>;
}

export function initSubscription(sequelize: Sequelize): void {
  Subscription.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      userId: { type: DataTypes.UUID, allowNull: false },
      planId: { type: DataTypes.UUID, allowNull: false },
      priceId: { type: DataTypes.UUID, allowNull: true },
      orderId: { type: DataTypes.UUID, allowNull: true },
      subscriptionType: { type: DataTypes.TEXT, allowNull: false },
      status: { type: DataTypes.TEXT, allowNull: false },
      creditsMonthly: { type: DataTypes.BIGINT, allowNull: false },
      rollover: { type: DataTypes.TEXT, allowNull: false },
      rolloverCap: { type: DataTypes.BIGINT, allowNull: true },
      anchorAt: { type: DataTypes.DATE, allowNull: false },
      startDate: { type: DataTypes.DATE, allowNull: false },
      endDate: { type: DataTypes.DATE, allowNull: true },
      quotaResetsAt: { type: DataTypes.DATE, allowNull: true },
      cancelAtPeriodEnd: { type: DataTypes.BOOLEAN, allowNull: false, defaultValue: false },
      remindedDays: { type: DataTypes.INTEGER, allowNull: true },
      nextPriceId: { type: DataTypes.UUID, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      endedAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'Subscription', tableName: 'subscriptions' },
  );
}
