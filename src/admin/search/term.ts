import { validate as isUuid } from 'uuid';
import type { Sealer } from '../../kit/crypto.ts';
import { payerIndexes } from '../../payments/payer-index.ts';

/** What was typed, in the shapes in which the tables are asked. undefined: no such thing can have been meant. */
export interface Term {
  text: string;
  uuid: string | undefined;
  /** When an id was made that begins with its time: that millisecond, and the next. */
  born: readonly [Date, Date] | undefined;
  /** Under which a gateway may know something: as typed, and in capitals, because that is how gateways write. */
  names: readonly string[] | undefined;
  /** `LIKE` patterns in lower case. */
  beginning: string | undefined;
  part: string | undefined;
  orderNo: string | undefined;
  /** Blind indexes of an address. */
  payer: readonly string[] | undefined;
}

export const minLength = 2;
export const maxLength = 254;
/** A trigram index has nothing to go by below. */
const minPart = 3;

export function readTerm(typed: string, sealer: Pick<Sealer, 'indexes'>): Term {
  const text = typed.trim().replace(/\s+/g, ' ');
  const lower = escapeLike(text.toLowerCase());
  const isWord = !text.includes(' ');
  const uuid = isUuid(text) ? text.toLowerCase() : undefined;
  const isTyped = uuid === undefined && text.length >= minLength;
  return {
    text,
    uuid,
    born: uuid === undefined ? undefined : bornAt(uuid),
    names: isWord && text.length >= 4 ? [...new Set([text, text.toUpperCase()])] : undefined,
    beginning: isTyped ? `${lower}%` : undefined,
    part: isTyped && text.length >= minPart ? `%${lower}%` : undefined,
    orderNo: orderNoOf(text),
    payer: /^\S+@\S+$/.test(text) ? payerIndexes(sealer, text) : undefined,
  };
}

/** `PL-261122-7K…`, with or without the letters before the day. */
function orderNoOf(text: string): string | undefined {
  const given = /^(?:PL-?)?(\d{2,6}(?:-[0-9A-Z]{0,8})?)$/i.exec(text)?.[1];
  return given === undefined ? undefined : `PL-${given.toUpperCase()}%`;
}

/** A UUIDv7 begins with its milliseconds. */
function bornAt(uuid: string): readonly [Date, Date] | undefined {
  if (uuid[14] !== '7') return undefined;
  const ms = Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
  return ms < 8.64e15 - 1 ? [new Date(ms), new Date(ms + 1)] : undefined;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (character) => `\\${character}`);
}
