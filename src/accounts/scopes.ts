/** What an API key may do. */
export const scopes = ['credits:read', 'credits:consume', 'users:read'] as const;
export type Scope = (typeof scopes)[number];
