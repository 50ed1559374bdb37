import {
  DataTypes,
  Model,
  type CreationOptional,
  type InferAttributes,
  type InferCreationAttributes,
  type Sequelize,
} from 'sequelize';

export type EmailStatus = 'pending' | 'sent' | 'failed';

/** The outbox: a mail to be sent, or that was. */
export class Email extends Model<InferAttributes<Email>, InferCreationAttributes<Email>> {
  declare id: string;
  declare userId: string | null;
  declare template: string;
  declare locale: string;
  declare toAddress: string;
  declare data: object;
  declare dedupeKey: string;
  declare status: CreationOptional<EmailStatus>;
  declare attempts: CreationOptional<number>;
  declare subject: CreationOptional<string | null>;
  declare error: CreationOptional<string | null>;
  /** Until when the process that is sending it has it to itself; machine time, not the clock's. */
  declare claimedUntil: CreationOptional<Date | null>;
  /** The mail that it repeats. */
  declare copyOf: CreationOptional<string | null>;
  declare createdAt: Date;
  declare sentAt: CreationOptional<Date | null>;
}

export function initEmail(sequelize: Sequelize): void {
  Email.init(
    {
      id: { type: DataTypes.UUID, primaryKey: true, allowNull: false },
      userId: { type: DataTypes.UUID, allowNull: true },
      template: { type: DataTypes.TEXT, allowNull: false },
      locale: { type: DataTypes.TEXT, allowNull: false },
      toAddress: { type: DataTypes.TEXT, allowNull: false },
      data: { type: DataTypes.JSONB, allowNull: false },
      dedupeKey: { type: DataTypes.TEXT, allowNull: false },
      status: { type: DataTypes.TEXT, allowNull: false, defaultValue: 'pending' },
      attempts: { type: DataTypes.INTEGER, allowNull: false, defaultValue: 0 },
      subject: { type: DataTypes.TEXT, allowNull: true },
      error: { type: DataTypes.TEXT, allowNull: true },
      claimedUntil: { type: DataTypes.DATE, allowNull: true },
      copyOf: { type: DataTypes.UUID, allowNull: true },
      createdAt: { type: DataTypes.DATE, allowNull: false },
      sentAt: { type: DataTypes.DATE, allowNull: true },
    },
    { sequelize, modelName: 'Email', tableName: 'emails' },
  );
}
