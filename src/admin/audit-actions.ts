import { readFileSync } from 'node:fs';

const texts = JSON.parse(readFileSync(new URL('./locales/en.json', import.meta.url), 'utf8')) as {
  labels: { action: Record<string, Record<string, string>> };
};

/** Everything that the audit log has words for: `order.refund`. What a flow records has to be among them. */
export const auditActions: readonly string[] = Object.entries(texts.labels.action).flatMap(([subject, verbs]) =>
  Object.keys(verbs).map((verb) => `${subject}.${verb}`),
);
