import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { ProviderEvent } from './provider.ts';

/** A verified webhook, as it was received; the body is sealed. */
export class ProviderEventRow extends Model<
  InferAttributes<ProviderEventRow>,
  InferCreationAttributes<ProviderEventRow>
> {
  declare id: string;
  declare provider: string;
  declare eventId: string;
  declare type: string;
  declare kind: ProviderEvent['kind'];
  declare bodySealed: string;
  declare headers: Record<string, string>;
  declare receivedAt: Date;
  /** When it was last tried. */
  declare checkedAt: CreationOptional<Date | null>;
  declare handledAt: CreationOptional<Date | null>;
  declare outcome: CreationOptional<string | null>;
  declare attempts: CreationOptional<number>;
  declare error: CreationOptional<string | null>;
}

export function initProviderEventRow(sequelize: Sequelize): void {
  ProviderEventRow.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      provider: { type: DataTypes.TEXT, allowNull: false },
      eventId: { type: DataTypes.TEXT, allowNull: false },
      type: { type: DataTypes.TEXT, allowNull: false },
      kind: { type: DataTypes.TEXT, allowNull: false },
      bodySealed: { type: DataTypes.TEXT, allowNull: false },
      headers: { type: DataTypes.JSONB, allowNull: false },
      receivedAt: { type: DataTypes.DATE, allowNull: false },
      checkedAt: { type: DataTypes.DATE, allowNull: true },
      handledAt: { type: DataTypes.DATE, allowNull: true },
      outcome: { type: DataTypes.TEXT, allowNull: true },
      attempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      error: { type: DataTypes.TEXT, allowNull: true },
    },
    { sequelize, modelName: 'ProviderEventRow', tableName: 'provider_events' },
  );
}
