/** Of a row among those that are due, by time and then by id; the time as PostgreSQL writes it, to the microsecond. */
export interface Position {
  at: string;
  id: string;
}

/** Which rows a set-based job takes next: behind `after` (null: from the first), and none of `except`. */
export interface NextBatch {
  now: Date;
  after: Position | null;
  limit: number;
  except: readonly string[];
}
