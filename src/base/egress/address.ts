import ipaddr from 'ipaddr.js'

const blocks = (texts: readonly string[]): [ipaddr.IPv4 | ipaddr.IPv6, number][] =>
  texts.map((text) => ipaddr.parseCIDR(text))

/** Not for the public, though the library takes some of them for ordinary addresses. */
const closed = blocks([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32', // Azure's own, on every machine there
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
])

/** Inside the one block of IPv6 that is given out: what leads to an IPv4 address, is for documents, tests or other networks. */
const closedSix = blocks([
  '2001::/23', // Teredo, ORCHID, benchmarks and their kind
  '2001:db8::/32',
  '2002::/16', // 6to4
  '2620:4f:8000::/48',
  '3ffe::/16',
  '3fff::/20',
])
const givenOut = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number]

const isWithin = (address: ipaddr.IPv4 | ipaddr.IPv6, [block, bits]: [ipaddr.IPv4 | ipaddr.IPv6, number]): boolean =>
  address.kind() === block.kind() && (address as ipaddr.IPv4).match(block as ipaddr.IPv4, bits)

/**
 * Whether an address belongs to the open internet: neither loopback, private, link-local, metadata, carrier-grade NAT, multicast or
 * reserved, nor an IPv6 address that carries an IPv4 one to such a place (mapped, compatible, NAT64, 6to4, Teredo). What cannot be
 * read is not.
 */
export function isPublicAddress(text: string): boolean {
  // A zone names an interface of this machine.
  if (text.includes('%')) return false
  // Four numbers and nothing else: other notations of IPv4 are for whoever writes, never for what a resolver answers.
  if (!text.includes(':') && !ipaddr.IPv4.isValidFourPartDecimal(text)) return false
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  if (address.range() !== 'unicast') return false
  if (address.kind() === 'ipv4') return !closed.some((block) => isWithin(address, block))
  return isWithin(address, givenOut) && !closedSix.some((block) => isWithin(address, block))
}
