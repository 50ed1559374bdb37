import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';
import type { StaffRole } from './staff.model.ts';

/** One sign-in to the panel. The store of cookies knows it by its id; here is whether it still holds. */
export class StaffSession extends Model<InferAttributes<StaffSession>, InferCreationAttributes<StaffSession>> {
  declare id: string;
  declare staffId: string;
  /** The role under which its cookie was made. */
  declare role: StaffRole;
  /** Machine time, all of them: a browser does not live in the sandbox's time. */
  declare begunAt: Date;
  /** To the minute. */
  declare lastSeenAt: Date;
  declare address: string | null;
  /** As the browser calls itself. */
  declare browser: string | null;
  declare endedAt: CreationOptional<Date | null>;
  declare endedBy: CreationOptional<string | null>;
}

export function initStaffSession(sequelize: Sequelize): void {
  StaffSession.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      staffId: { type: DataTypes.UUID, allowNull: false },
      role: { type: DataTypes.TEXT, allowNull: false },
      begunAt: { type: DataTypes.DATE, allowNull: false },
      lastSeenAt: { type: DataTypes.DATE, allowNull: false },
      address: { type: DataTypes.TEXT, allowNull: true },
      browser: { type: DataTypes.TEXT, allowNull: true },
      endedAt: { type: DataTypes.DATE, allowNull: true },
      endedBy: { type: DataTypes.UUID, allowNull: true },
    },
    { sequelize, modelName: 'StaffSession', tableName: 'staff_sessions' },
  );
}
