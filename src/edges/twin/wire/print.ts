/**
 * JSON as Stripe prints it: `id` and `object` first, then by name, indented. So answers do not depend on how
 * Postgres orders the keys of a jsonb, and a receiver that verifies a re-serialised webhook is found out.
 */
export function print(value: unknown): string {
  return JSON.stringify(ordered(value), null, 2)
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, ordered(inner)]))
}

const rank = (key: string): number => (key === 'id' ? 0 : key === 'object' ? 1 : 2)
