import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

/** `invitation`: to somebody new. `reset`: to somebody who needs another password. */
export type InvitationKind = 'invitation' | 'reset';

/** A link by which a member of staff may choose a password, once. */
export class StaffInvitation extends Model<InferAttributes<StaffInvitation>, InferCreationAttributes<StaffInvitation>> {
  declare id: string;
  declare staffId: string;
  declare kind: InvitationKind;
  declare tokenHash: string;
  declare createdAt: Date;
  declare expiresAt: Date;
  declare usedAt: CreationOptional<Date | null>;
  declare withdrawnAt: CreationOptional<Date | null>;
}

export function initStaffInvitation(sequelize: Sequelize): void {
  StaffInvitation.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      staffId: { type: DataTypes.UUID, allowNull: false },
      kind: { type: DataTypes.TEXT, allowNull: false },
      tokenHash: { type: DataTypes.TEXT, allowNull: false },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      expiresAt: { type: DataTypes.DATE, allowNull: false },
      usedAt: { type: DataTypes.DATE, allowNull: true },
      withdrawnAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'StaffInvitation', tableName: 'staff_invitations' },
  );
}
