import { isIP } from 'node:net'
import { isPublicAddress } from './address.ts'

/** Why a request was not made, or not answered. */
export type EgressFault = 'refused' | 'unresolved' | 'unreachable' | 'tls' | 'timeout' | 'broken'

/** What went wrong on the way out; its sentence may be shown to whoever gave the address. */
export class EgressError extends Error {
  readonly fault: EgressFault
  constructor(fault: EgressFault, sentence: string) {
    super(sentence)
    this.name = 'EgressError'
    this.fault = fault
  }
}

/** Where a request goes, as far as its address says. */
export interface Target {
  readonly url: URL
  /** The name to be resolved, or the address that stands there, without brackets and without a final dot. */
  readonly host: string
  readonly port: number
  readonly isLiteral: boolean
}

// What fetch may not ask for either, above the well-known ports, and stores that take HTTP for commands.
const closedPorts = new Set([
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697,
  10080, 11211,
])

/** Whether a port is one that web servers listen on: 80, 443, or above the well-known ones. */
export const isOpenPort = (port: number): boolean =>
  port === 80 || port === 443 || (port >= 1024 && !closedPorts.has(port))

const innerName = /(^|\.)(localhost|localdomain|local|internal|intranet|lan|home|corp|private|arpa|invalid|test|onion)$/

/**
 * Reads an address that a stranger gave. Throws an `EgressError` with a sentence for them when it is one we do not ask, whatever its
 * name resolves to; `allowPrivate` lets names and addresses of one's own network pass.
 */
export function readTarget(text: string, allowPrivate: boolean): Target {
  const refuse = (sentence: string): never => {
    throw new EgressError('refused', sentence)
  }
  if (!URL.canParse(text)) return refuse('This is no web address.')
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    return refuse('The address must begin with https: or http:.')
  if (url.username !== '' || url.password !== '') return refuse('The address must hold no user name and no password.')
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  if (!isOpenPort(port)) return refuse(`Port ${port} is not one for the web: use 80, 443 or one above 1023.`)
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  const isLiteral = isIP(host) !== 0
  // What ends in a number is an address in the eyes of some and a name in those of others.
  if (
    host === '' ||
    host.length > 253 ||
    host.startsWith('.') ||
    host.includes('..') ||
    (!isLiteral && /(^|\.)(\d+|0x[\da-f]*)$/i.test(host))
  )
    return refuse('The address has no host that can be asked.')
  if (!allowPrivate) {
    if (isLiteral ? !isPublicAddress(host) : !host.includes('.') || innerName.test(host))
      return refuse('The address is not on the open internet: private and local ones are not asked.')
  }
  return { url, host, port, isLiteral }
}
