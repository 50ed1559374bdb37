import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

export type HoldStatus = 'open' | 'settled' | 'released' | 'expired';

/**
 * Credits that are set apart for running work, for reading: only the functions in the database write it. Its id is that of
 * the entry which set them apart. The table's key is (user_id, id).
 */
export class CreditHold extends Model<InferAttributes<CreditHold>, InferCreationAttributes<CreditHold>> {
  declare id: string;
  declare userId: string;
  declare amount: number;
  /** What was spent of it when it was closed. */
  declare settled: CreationOptional<number>;
  declare status: CreationOptional<HoldStatus>;
  declare featureType: string;
  declare quantity: number | null;
  declare reference: string | null;
  declare description: string | null;
  declare actor: string;
  declare key: string | null;
  declare createdAt: Date;
  declare expiresAt: Date;
  declare closedAt: Date | null;
}

export function initCreditHold(sequelize: Sequelize): void {
  CreditHold.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      userId: { type: DataTypes.UUID, allowNull: false },
      amount: { type: DataTypes.BIGINT, allowNull: false },
      settled: { type: DataTypes.BIGINT, allowNull: false, defaultValue: 0 },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'open' },
      featureType: { type: DataTypes.TEXT, allowNull: false },
      quantity: { type: DataTypes.BIGINT, allowNull: true },
      reference: { type: DataTypes.TEXT, allowNull: true },
      description: { type: DataTypes.TEXT, allowNull: true },
      actor: { type: DataTypes.TEXT, allowNull: false },
      key: { type: DataTypes.TEXT, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      expiresAt: { type: DataTypes.DATE, allowNull: false },
      closedAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'CreditHold', tableName: 'credit_holds' },
  );
}
