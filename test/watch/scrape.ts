import assert from 'node:assert/strict'

/** One line of a scrape. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What Prometheus would read at an address, line by line. */
export async function scrape(url: string, headers: Record<string, string> = {}): Promise<Sample[]> {
  const answer = await fetch(`${url}/metrics`, { headers })
  const text = await answer.text()
  assert.equal(answer.status, 200, text)
  assert.match(answer.headers.get('content-type')!, /^text\/plain; version=0\.0\.4/)
  return samplesOf(text)
}

export function samplesOf(text: string): Sample[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name, , labels = '', value] = /^([a-zA-Z_:][\w:]*)(\{(.*)\})? (\S+)$/.exec(line) ?? []
      assert.ok(name && value !== undefined, `no sample: ${line}`)
      const found = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key!, text!])
      return { name, labels: Object.fromEntries(found) as Record<string, string>, value: Number(value) }
    })
}

/** The value of the one sample of this name and these labels; undefined when there is none. */
export function sampleOf(
  samples: readonly Sample[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const found = samples.filter(
    (one) => one.name === name && Object.entries(labels).every(([key, text]) => one.labels[key] === text),
  )
  assert.ok(found.length <= 1, `${name} ${JSON.stringify(labels)} is ${found.length} samples`)
  return found[0]?.value
}
