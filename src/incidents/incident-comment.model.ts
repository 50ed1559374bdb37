import { DataTypes, Model, type InferAttributes, type InferCreationAttributes, type Sequelize } from 'sequelize';

/** What one of the staff said about an incident. Never changed. */
export class IncidentComment extends Model<InferAttributes<IncidentComment>, InferCreationAttributes<IncidentComment>> {
  declare id: string;
  declare incidentId: string;
  declare staffId: string;
  declare body: string;
  declare createdAt: Date;
}

export function initIncidentComment(sequelize: Sequelize): void {
  IncidentComment.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      incidentId: { type: DataTypes.UUID, allowNull: false },
      staffId: { type: DataTypes.UUID, allowNull: false },
      body: { type: DataTypes.TEXT, allowNull: false },
      createdAt: { type: DataTypes.DATE, allowNull: false },
    },
    { sequelize, modelName: 'IncidentComment', tableName: 'incident_comments' },
  );
}
