/** Addresses inside: loopback, private, link-local and metadata, carrier-grade NAT, multicast, reserved. */
const inside = [
  '127.0.0.1',
  '127.0.0.53',
  '127.127.127.127',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '172.31.255.254',
  '192.168.1.1',
  '169.254.169.254',
  '169.254.170.2',
  '168.63.129.16',
  '100.64.0.1',
  '100.100.100.200',
  '100.127.255.254',
  '192.0.0.192',
  '192.0.2.1',
  '192.88.99.1',
  '198.18.0.1',
  '198.51.100.7',
  '203.0.113.9',
  '224.0.0.1',
  '239.255.255.250',
  '240.0.0.1',
  '255.255.255.255',
]

const insideSix = [
  '::',
  '::1',
  '0:0:0:0:0:0:0:1',
  '0000:0000:0000:0000:0000:0000:0000:0001',
  'fe80::1',
  'febf::1',
  'fec0::1',
  'fc00::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  'ff02::1',
  'ff0e::1',
  '100::1',
  '2001:db8::1',
  '2001::1',
  '2001:10::1',
  '2001:20::1',
  '2001:2::1',
  '3fff::1',
  '3ffe::1',
  '5f00::1',
  '4000::1',
  '64:ff9b:1::1',
  'e000::1',
]

const hex = (value: number, digits = 2): string => value.toString(16).padStart(digits, '0')

/** All the ways in which one IPv4 address can be written, as a host of a web address. */
function notations(address: string): string[] {
  const parts = address.split('.').map(Number) as [number, number, number, number]
  const [a, b, c, d] = parts
  const whole = ((a * 256 + b) * 256 + c) * 256 + d
  const high = hex(a * 256 + b, 4)
  const low = hex(c * 256 + d, 4)
  const inverted = (value: number): string => hex(value ^ 0xffff, 4)
  const circled = (text: string): string =>
    text.replaceAll(/\d/g, (digit) => (digit === '0' ? '⓪' : String.fromCodePoint(0x2460 + Number(digit) - 1)))
  const fullWidth = (text: string): string =>
    text.replaceAll(/\d/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
  return [
    address,
    `${address}.`,
    `${whole}`,
    `0x${hex(whole, 8)}`,
    `0X${hex(whole, 8).toUpperCase()}`,
    `0${whole.toString(8)}`,
    parts.map((part) => `0x${hex(part)}`).join('.'),
    parts.map((part) => `0${part.toString(8)}`).join('.'),
    parts.map((part) => `0000${part.toString(8)}`).join('.'),
    `${a}.${(b * 256 + c) * 256 + d}`,
    `${a}.${b}.${c * 256 + d}`,
    `0x${hex(a)}.${b}.0${c.toString(8)}.${d}`,
    circled(address),
    fullWidth(address),
    address.replaceAll('.', '。'),
    address.replaceAll('.', '%2e'),
    address.replaceAll(/\d/g, (digit) => `%3${digit}`),
    `[::ffff:${address}]`,
    `[::ffff:${high}:${low}]`,
    `[0:0:0:0:0:ffff:${high}:${low}]`,
    `[::${address}]`,
    `[::ffff:0:${address}]`,
    `[64:ff9b::${address}]`,
    `[64:ff9b::${high}:${low}]`,
    `[64:ff9b:1::${high}:${low}]`,
    `[2002:${high}:${low}::1]`,
    `[2001:0:${high}:${low}::1]`,
    `[2001:0:4136:e378:8000:63bf:${inverted(a * 256 + b)}:${inverted(c * 256 + d)}]`,
  ]
}

const names = [
  'localhost',
  'localhost.',
  'LOCALHOST',
  'ｌｏｃａｌｈｏｓｔ',
  'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
  'loc%61lhost',
  'a.localhost',
  'localhost.localdomain',
  'metadata',
  'metadata.google.internal',
  'metadata.google.internal.',
  'instance-data',
  'router.lan',
  'nas.home',
  'nas.home.arpa',
  'printer.local',
  'intranet',
  'db.internal',
  'wiki.corp',
  '1.0.0.127.in-addr.arpa',
]

/** Names of the open internet that lead inside, as far as the DNS says. */
export const misleading: Readonly<Record<string, readonly string[]>> = {
  '127.0.0.1.nip.example': ['127.0.0.1'],
  'loopback.example': ['127.0.0.1'],
  'loopback6.example': ['::1'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'mapped-hex.example': ['::ffff:7f00:1'],
  'compatible.example': ['::127.0.0.1'],
  'nat64.example': ['64:ff9b::7f00:1'],
  'sixtofour.example': ['2002:7f00:1::'],
  'metadata.example': ['169.254.169.254'],
  'azure.example': ['168.63.129.16'],
  'private.example': ['10.1.2.3'],
  'both.example': ['93.184.215.14', '127.0.0.1'],
  'both6.example': ['93.184.215.14', '::1'],
  'last.example': ['93.184.215.14', '2606:4700::1111', '1.1.1.1', '9.9.9.9', '127.0.0.1'],
  'zone.example': ['fe80::1%lo'],
  'short.example': ['127.1'],
  'number.example': ['2130706433'],
  'nothing.example': [],
  'bücher.example': ['192.168.0.1'],
  'xn--bcher-kva.example': ['192.168.0.1'],
}

const tricks = (port: number): string[] => [
  `http://93.184.215.14@127.0.0.1:${port}/`,
  `http://a:b@127.0.0.1:${port}/`,
  `http://127.0.0.1:${port}#@93.184.215.14/`,
  `http://127.0.0.1:${port}\\@93.184.215.14/`,
  `http:\\\\127.0.0.1:${port}/`,
  `http:127.0.0.1:${port}/`,
  `http:///127.0.0.1:${port}/`,
  ` http://127.0.0.1:${port}/ `,
  `http://127.0.\t0.1:${port}/`,
  `http://127.0.0.1\n:${port}/`,
  `//127.0.0.1:${port}/`,
  `127.0.0.1:${port}`,
  `ftp://127.0.0.1:${port}/`,
  `file:///etc/passwd`,
  `gopher://127.0.0.1:${port}/_x`,
  `dict://127.0.0.1:${port}/`,
  `ws://127.0.0.1:${port}/`,
  `unix:/var/run/docker.sock`,
  `data:text/plain,x`,
  `javascript:fetch('http://127.0.0.1:${port}')`,
  `blob:http://127.0.0.1:${port}/x`,
  `http://93.184.215.14:22/`,
  `http://93.184.215.14:25/`,
  `http://93.184.215.14:6379/`,
  `http://93.184.215.14:11211/`,
  `http://user@93.184.215.14/`,
  `http://[::1%25lo]:${port}/`,
  `http://[fe80::1%25eth0]:${port}/`,
  'http://',
  'http://.',
  'http://..',
  'http://93.184.215.14.5/',
  'http://0x/',
  'http://1.2.3.4.5.6/',
  'http://a..b/',
  `http://${'a'.repeat(250)}.example/`,
  '',
  'nonsense',
]

/** Web addresses that must not be asked, each written once. */
export function corpus(port: number): string[] {
  const hosts = [
    ...inside.flatMap(notations),
    ...insideSix.map((address) => `[${address}]`),
    ...names,
    ...Object.keys(misleading),
  ]
  const urls = hosts.flatMap((host, at) => [`${at % 5 === 0 ? 'https' : 'http'}://${host}:${port}/hook`])
  return [...new Set([...urls, ...tricks(port)])]
}
