const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const

/** `1h 30m`: the largest unit and, where it matters, the next one. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const first = units.findIndex(([, size]) => whole >= size)
  if (first < 0) return '0s'
  const [name, size] = units[first]!
  const next = units[first + 1]
  const rest = next ? Math.floor((whole % size) / next[1]) : 0
  const amount = Math.floor(whole / size)
  return rest > 0 && amount < 10 ? `${amount}${name} ${rest}${next![0]}` : `${amount}${name}`
}

/** How long ago, or how far ahead, a moment is: `3m ago`, `in 58m`. */
export function relative(at: string, now = Date.now()): string {
  const seconds = (Date.parse(at) - now) / 1000
  if (Math.abs(seconds) < 1) return 'now'
  return seconds > 0 ? `in ${coarse(Math.ceil(seconds))}` : `${coarse(Math.floor(-seconds))} ago`
}

/** One unit is enough for a glance; a moment short of an hour is an hour. */
function coarse(seconds: number): string {
  const [name, size] = units.find(([, size]) => seconds >= size * 0.98) ?? (['s', 1] as const)
  return `${Math.floor(seconds / size + 0.02)}${name}`
}
