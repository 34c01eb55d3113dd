/**
 * Starts a count of what this thread works, in milliseconds of its processor: where a bound is about how much work something is, other
 * programs on the machine must not decide. Call it to read the count.
 */
export function effort(): () => number {
  const from = process.threadCpuUsage()
  return () => {
    const { user, system } = process.threadCpuUsage(from)
    return (user + system) / 1000
  }
}
