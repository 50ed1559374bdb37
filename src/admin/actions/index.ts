import type { RecordAction } from './action.ts';

export const recordActions: readonly RecordAction[] = [];
