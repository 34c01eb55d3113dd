import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Whether somebody could listen on this port of 127.0.0.1 right now. */
export function isFreePort(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)))
  })
}

/** A free port of 127.0.0.1, `preferred` when it is one. It lies below the ports the system gives to outgoing connections, so it can be had again after a restart. */
export async function findFreePort(preferred?: number): Promise<number> {
  if (preferred && (await isFreePort(preferred))) return preferred
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(20_000, 32_000)
    if (await isFreePort(port)) return port
  }
  throw new Error('No free TCP port was found on 127.0.0.1.')
}
