import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

/** What a member of staff did, and why. Append-only. */
export class AuditEntry extends Model<InferAttributes<AuditEntry>, InferCreationAttributes<AuditEntry>> {
  declare id: string;
  /** Its number in the chain, the hash of the entry before it, and its own: the database seals it at the commit. */
  declare seq: CreationOptional<number | null>;
  declare prevHash: CreationOptional<string | null>;
  declare hash: CreationOptional<string | null>;
  declare staffId: string | null;
  declare actor: string;
  declare action: string;
  declare subjectType: string;
  declare subjectId: string;
  declare reason: string | null;
  declare before: object | null;
  declare after: object | null;
  declare address: string | null;
  declare createdAt: Date;
}

export function initAuditEntry(sequelize: Sequelize): void {
  AuditEntry.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      seq: { type: DataTypes.BIGINT, allowNull: true },
      prevHash: { type: DataTypes.TEXT, allowNull: true },
      hash: { type: DataTypes.TEXT, allowNull: true },
      staffId: { type: DataTypes.UUID, allowNull: true },
      actor: { type: DataTypes.TEXT, allowNull: false },
      action: { type: DataTypes.TEXT, allowNull: false },
      subjectType: { type: DataTypes.TEXT, allowNull: false },
      subjectId: { type: DataTypes.TEXT, allowNull: false },
      reason: { type: DataTypes.TEXT, allowNull: true },
      before: { type: DataTypes.JSONB, allowNull: true },
      after: { type: DataTypes.JSONB, allowNull: true },
      address: { type: DataTypes.TEXT, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'AuditEntry', tableName: 'audit_log' },
  );
}
