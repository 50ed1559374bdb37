import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { IncidentKind } from './incidents.ts';

/** Something that a person has to look at; the same thing seen again is the same row. */
export class Incident extends Model<InferAttributes<Incident>, InferCreationAttributes<Incident>> {
  declare id: string;
  declare key: string;
  declare kind: IncidentKind;
  declare subjectType: string;
  declare subjectId: string;
  declare summary: string;
  declare expected: string | null;
  declare found: string | null;
  /** How much money it is about; null where it is about none, or nobody knows. */
  declare amountMinor: CreationOptional<number | null>;
  declare currency: CreationOptional<string | null>;
  declare details: object | null;
  declare status: CreationOptional<'open' | 'resolved'>;
  declare occurrences: CreationOptional<number>;
  declare firstSeenAt: Date;
  declare lastSeenAt: Date;
  declare resolvedAt: CreationOptional<Date | null>;
  declare resolvedBy: CreationOptional<string | null>;
  declare resolution: CreationOptional<string | null>;
  /** Who of the staff looks after it. */
  declare assignedTo: CreationOptional<string | null>;
  declare assignedAt: CreationOptional<Date | null>;
}

export function initIncident(sequelize: Sequelize): void {
  Incident.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      key: { type: DataTypes.TEXT, allowNull: false },
      kind: { type: DataTypes.TEXT, allowNull: false },
      subjectType: { type: DataTypes.TEXT, allowNull: false },
      subjectId: { type: DataTypes.TEXT, allowNull: false },
      summary: { type: DataTypes.TEXT, allowNull: false },
      expected: { type: DataTypes.TEXT, allowNull: true },
      found: { type: DataTypes.TEXT, allowNull: true },
      amountMinor: { type: DataTypes.BIGINT, allowNull: true },
      currency: { type: DataTypes.TEXT, allowNull: true },
      details: { type: DataTypes.JSONB, allowNull: true },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'open' },
      occurrences: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 1 },
      firstSeenAt: { type: DataTypes.DATE, allowNull: false },
      lastSeenAt: { type: DataTypes.DATE, allowNull: false },
      resolvedAt: { type: DataTypes.DATE, allowNull: true },
      resolvedBy: { type: DataTypes.UUID, allowNull: true },
      resolution: { type: DataTypes.TEXT, allowNull: true },
      assignedTo: { type: DataTypes.UUID, allowNull: true },
      assignedAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'Incident', tableName: 'incidents' },
  );
}
