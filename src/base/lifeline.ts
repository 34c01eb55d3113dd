/**
 * Ends this process when the one that started it is gone, however it went: the channel between them closes.
 * Does nothing in a process that was started without a channel.
 */
export function exitWithParent(): void {
  if (!process.send) return
  if (!process.connected) process.exit(1)
  process.once('disconnect', () => process.exit(1))
  // Listening alone must not keep a process alive that has finished its work.
  process.channel?.unref()
}
