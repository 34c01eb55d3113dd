import { connect, type Socket } from 'node:net'

export interface Answer {
  readonly status: number
  readonly text: string
}

/** One keep-alive connection that asks one question at a time. */
export interface Connection {
  post(path: string, body: string, idempotencyKey?: string): Promise<Answer>
  close(): void
}

/**
 * HTTP/1.1 on a bare socket, just enough for our own server's answers (a status line and a content-length). It costs the load
 * generator a fifth of what fetch costs, and on a small machine what the generator takes is missing to the server.
 */
export function openConnection({ port, key }: { port: number; key: string }): Promise<Connection> {
  const head = `host: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n`
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.removeListener('error', reject)
      resolve(speak(socket, head))
    })
  })
}

function speak(socket: Socket, head: string): Connection {
  let waiting: PromiseWithResolvers<Answer> | null = null
  let received = ''
  const settle = (error: Error | null, answer?: Answer): void => {
    const asked = waiting
    waiting = null
    received = ''
    if (error) asked?.reject(error)
    else asked?.resolve(answer!)
  }
  // One character a byte, so that lengths can be compared; texts of the bench are plain ASCII.
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    received += chunk
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) return
    const status = Number(received.slice(9, 12))
    const length = status === 204 ? 0 : Number(/\r\ncontent-length: (\d+)/i.exec(received.slice(0, end + 2))?.[1])
    if (Number.isNaN(length)) settle(new Error(`An answer without a length: ${received.slice(0, 300)}`))
    else if (received.length >= end + 4 + length)
      settle(null, { status, text: received.slice(end + 4, end + 4 + length) })
  })
  socket.on('error', (error) => settle(error))
  socket.on('close', () => settle(new Error('The server closed the connection.')))
  return {
    post(path, body, idempotencyKey) {
      waiting = Promise.withResolvers()
      const key = idempotencyKey === undefined ? '' : `idempotency-key: ${idempotencyKey}\r\n`
      socket.write(`POST ${path} HTTP/1.1\r\n${head}${key}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`)
      return waiting.promise
    },
    close() {
      socket.removeAllListeners('close')
      socket.destroy()
    },
  }
}
