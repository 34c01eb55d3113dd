/** What a process that runs under an inspector holds on to: bytes of its heap after a full collection, by the inspector's protocol. */
export async function openHeap(inspector: string): Promise<{ live(): Promise<number>; close(): void }> {
  const socket = new WebSocket(inspector)
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve()
    socket.onerror = () => reject(new Error(`no inspector at ${inspector}`))
  })
  let last = 0
  const waiting = new Map<number, (result: { usedSize: number }) => void>()
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as { id: number; result: { usedSize: number } }
    waiting.get(id)?.(result)
    waiting.delete(id)
  }
  const ask = (method: string): Promise<{ usedSize: number }> =>
    new Promise((resolve) => {
      const id = ++last
      waiting.set(id, resolve)
      socket.send(JSON.stringify({ id, method }))
    })
  await ask('HeapProfiler.enable')
  return {
    async live() {
      await ask('HeapProfiler.collectGarbage')
      return (await ask('Runtime.getHeapUsage')).usedSize
    },
    close: () => socket.close(),
  }
}
