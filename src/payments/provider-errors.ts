/**
 * How a gateway call can end badly. None of these carries the gateway's raw answer or our credentials:
 * they are safe to log.
 */
export class ProviderError extends Error {
  readonly provider: string;
  /** The gateway's own code, e.g. `INSTRUMENT_DECLINED`. */
  readonly issue: string;
  /** The gateway's correlation id, for its support desk. */
  readonly debugId: string | null;

  constructor(provider: string, issue: string, debugId: string | null = null) {
    super(`${provider}: ${issue}${debugId === null ? '' : ` (debug id ${debugId})`}`);
    this.name = new.target.name;
    this.provider = provider;
    this.issue = issue;
    this.debugId = debugId;
  }
}

/** No answer that can be trusted: time-out, reset connection, 429 or 5xx. The effect may or may not have happened. */
export class ProviderUnavailable extends ProviderError {}

/** The gateway refused the call for good; nothing happened. */
export class ProviderRejected extends ProviderError {}

/** The buyer has not approved the order yet. */
export class ProviderNotApproved extends ProviderError {}

/** The buyer's means of payment was declined; the same order can be approved again with another. */
export class ProviderDeclined extends ProviderError {}

/** A webhook that did not come from the gateway, or that is too old to be believed. */
export class WebhookRejected extends ProviderError {}
