import { z } from 'zod';
import { Staff } from '../../accounts/staff.model.ts';
import { getUser } from '../../accounts/users.ts';
import { confirmBankTransfer, previewBankTransfer } from '../../billing/confirm-bank-transfer.ts';
import { recordBankTransfer, rejectBankTransfer } from '../../billing/record-bank-transfer.ts';
import { ValidationFailed } from '../../kit/errors.ts';
import { fromDecimal, toDecimal, type Money } from '../../kit/money.ts';
import { reason, recordAction, textOf, type Done, type Facts, type RowValues } from './action.ts';

const about = z.strictObject({ reason });

export const recordTransferAction = recordAction({
  resource: 'bank_transfers',
  name: 'recordTransfer',
  icon: 'Edit3',
  offered: ({ status }) => status === 'awaiting',
  body: z.strictObject({
    bankReference: z.string().trim().min(1, 'Copy it from the statement.').max(140, 'Use at most 140 characters.'),
    bankDate: z.iso.date('Give the day of the statement.'),
    bankAmount: z.string().trim().max(20).optional(),
    bankCurrency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'Use three capital letters, like USD.')
      .optional(),
    reason,
  }),
  preview,
  async perform(services, row, { bankAmount, bankCurrency, ...line }, staff) {
    const received =
      bankAmount === undefined || bankCurrency === undefined ? undefined : amountOf(bankAmount, bankCurrency);
    await recordBankTransfer(services, { ...line, received, transferId: textOf(row, 'id'), staff });
    return { message: 'transferRecorded', type: 'info' };
  },
});

const outcomes: Readonly<Record<string, Done>> = {
  completed: { message: 'transferPaid' },
  returned: { message: 'transferGoesBack', type: 'info' },
  refunded: { message: 'transferSent' },
  closed: { message: 'transferMismatch', type: 'error' },
};

export const confirmTransferAction = recordAction({
  resource: 'bank_transfers',
  name: 'confirmTransfer',
  icon: 'CheckCircle',
  offered: ({ status, recordedBy }, { staffId }) => status === 'recorded' && recordedBy !== staffId,
  body: about,
  preview,
  async perform(services, row, body, staff) {
    const outcome = await confirmBankTransfer(services, { ...body, transferId: textOf(row, 'id'), staff });
    return outcomes[outcome] ?? { message: 'transferConfirmed', type: 'info' };
  },
});

export const rejectTransferAction = recordAction({
  resource: 'bank_transfers',
  name: 'rejectTransfer',
  icon: 'CornerUpLeft',
  danger: true,
  offered: ({ status }) => status === 'recorded',
  body: about,
  preview,
  async perform(services, row, body, staff) {
    await rejectBankTransfer(services, { ...body, transferId: textOf(row, 'id'), staff });
    return { message: 'transferRejected' };
  },
});

/** What one who reads the statement has to know of the order, and what came of the first look at it. */
async function preview(_services: unknown, row: RowValues): Promise<Facts> {
  const { transfer, original, order, effect } = await previewBankTransfer(textOf(row, 'id'));
  const { direction, amountMinor, currency, bankReference, bankDate, bankAmountMinor, bankCurrency } = transfer;
  const { email } = await getUser(order.userId);
  const recorder = transfer.recordedBy === null ? null : await Staff.findByPk(transfer.recordedBy);
  const { names } = order.snapshot;
  return {
    // The texts of an outgoing one differ.
    context: direction,
    effect,
    orderNo: order.orderNo,
    email,
    ...Object.fromEntries(Object.entries(names).map(([locale, name]) => [`item.${locale}`, name])),
    amountMinor,
    amount: toDecimal({ amountMinor, currency }),
    currency,
    ...(recorder !== null && { recordedBy: recorder.name, bankReference, bankDate, bankAmountMinor, bankCurrency }),
    ...(original !== null && { originalReference: original.bankReference, originalDate: original.bankDate }),
  };
}

/** @throws ValidationFailed */
function amountOf(amount: string, currency: string): Money {
  try {
    return { amountMinor: fromDecimal(amount, currency), currency };
  } catch {
    const message = `Give an amount in ${currency}, like 9.99.`;
    throw new ValidationFailed([{ path: 'bankAmountMinor', message }]);
  }
}
