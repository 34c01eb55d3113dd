/** Jobs with an honest piece of work each, of many kinds and scripts: what verification must let pass, and tell apart. */
export interface SampleWork {
  readonly kind: string
  readonly prompt: string
  readonly criteria: readonly string[]
  readonly output: string
  /** Its text hardly names its matter (a translation), so it may pass for other jobs of its kind. */
  readonly vague?: boolean
}

export const sampleWorks: readonly SampleWork[] = [
  {
    kind: 'research',
    prompt: 'Research the history of the Unix operating system',
    criteria: ['The output covers the key milestones of Unix', 'At least two sources are named'],
    output: `# A short history of Unix

Unix began at Bell Labs in 1969, when Ken Thompson and Dennis Ritchie wrote a small operating system on a PDP-7.
Its milestones: the kernel rewritten in C (1973), BSD (1977), System V (1983), POSIX (1988), Linux as a free clone (1991).

Sources: D. Ritchie, "The Evolution of the Unix Time-sharing System"; P. Salus, "A Quarter Century of UNIX".`,
  },
  {
    kind: 'code',
    prompt: 'Write a Python function that reverses a linked list. It should handle empty lists and have unit tests.',
    criteria: ['It should handle empty lists and have unit tests.'],
    output: `class Node:
    def __init__(self, value, next=None):
        self.value, self.next = value, next

def reverse_linked_list(head):
    previous = None
    while head:
        head.next, previous, head = previous, head, head.next
    return previous

def test_empty_list():
    assert reverse_linked_list(None) is None

def test_two_nodes():
    assert reverse_linked_list(Node(1, Node(2))).value == 2`,
  },
  {
    kind: 'sql',
    prompt: 'SQL query for the top 10 customers by revenue in the last quarter, tables orders and customers',
    criteria: ['Returns the top 10 customers by revenue', 'Only the last quarter counts'],
    output: `select c.id, c.name, sum(o.total_cents) as revenue
from customers c join orders o on o.customer_id = c.id
where o.created_at >= date_trunc('quarter', now()) - interval '3 months'
  and o.created_at < date_trunc('quarter', now())
group by c.id, c.name order by revenue desc limit 10;`,
  },
  {
    kind: 'bug fix',
    prompt:
      'Quote markdown is lost on copy\n\n## Expected Result:\nQuote markdown must be copied to the compose box.\n\n## Actual Result:\nThe quote mark is missing after pasting.',
    criteria: ['Quote markdown must be copied to the compose box.'],
    output: `Root cause: getClipboardText() strips "<blockquote>" before the message is written to the clipboard, so the compose box
gets plain text. Fix:

-    const text = Str.stripHtml(message.html)
+    const text = Parser.htmlToMarkdown(message.html)

Tested in Chrome and Safari: copying "> ga" and pasting it keeps the quote.`,
  },
  {
    kind: 'css',
    prompt: 'The navigation items are 56px tall, make them 52px tall like our big buttons, and keep the hover colour.',
    criteria: ['All navigation items are 52px tall', 'The hover colour is unchanged'],
    output: `.navigation-item {
  height: 52px; /* was 56px; same as --button-height-big */
}
.navigation-item:hover { background: var(--hover-colour); } /* unchanged */`,
  },
  {
    kind: 'copy',
    prompt:
      'Write a product description for our oat milk chocolate bar, 70 % cocoa, vegan, about 40 words, friendly tone.',
    criteria: ['About 40 words', 'Mentions that the chocolate is vegan and has 70 % cocoa'],
    output:
      'Meet your new afternoon ritual: a silky bar of 70 % cocoa, rounded off with creamy oat milk. Fully vegan, gently sweet and made in small batches, our chocolate melts slowly and leaves you with a smile. Share it, if you must.',
  },
  {
    kind: 'translation to German',
    prompt:
      'Translate into German: "The library opens at nine. Please return borrowed books to the desk on the ground floor before you leave."',
    criteria: ['The text is translated into German'],
    output:
      'Die Bibliothek öffnet um neun Uhr. Bitte geben Sie entliehene Bücher vor dem Gehen am Schalter im Erdgeschoss zurück.',
    vague: true,
  },
  {
    kind: 'translation to Japanese',
    prompt: 'Please translate this sign to Japanese: "Beware of the dog. Ring the bell and wait."',
    criteria: ['A natural Japanese translation'],
    output: '猛犬に注意。ベルを鳴らして、そのままお待ちください。',
    vague: true,
  },
  {
    kind: 'proofreading',
    prompt:
      'Proofread this: The commitee has recieved forty applications for the laboratory position. Interviews are scheduled for next week, and canditates will be informed by telephone.',
    criteria: ['All spelling mistakes are corrected'],
    output:
      'The committee has received forty applications for the laboratory position. Interviews are scheduled for next week, and candidates will be informed by telephone. All spelling is corrected.',
  },
  {
    kind: 'Spanish article',
    prompt:
      'Escribe un artículo sobre la sequía en Andalucía y sus efectos en la agricultura, con al menos tres medidas posibles.',
    criteria: ['El artículo explica los efectos de la sequía en la agricultura', 'Propone al menos tres medidas'],
    output:
      'La sequía que sufre Andalucía desde 2021 ha reducido a la mitad la cosecha de aceituna. La agricultura de regadío gasta cuatro quintas partes del agua; por eso se proponen tres medidas: modernizar los regadíos, reutilizar aguas depuradas y plantar variedades que aguanten mejor el calor.',
  },
  {
    kind: 'Japanese report',
    prompt: '京都の観光客数の推移について調査し、短い報告書を書いてください。出典を明記すること。',
    criteria: ['観光客数の推移が説明されている', '出典が明記されている'],
    output:
      '京都市の観光客数は2015年に約5700万人で最多となり、2020年に大きく減った。その後の推移は回復傾向にあり、2023年には約5000万人に達した。出典:京都市産業観光局「観光総合調査」。',
  },
  {
    kind: 'Russian summary',
    prompt: 'Кратко опишите историю московского метрополитена: открытие, первые станции, рост сети.',
    criteria: ['Названы год открытия и первые станции'],
    output:
      'Метрополитен в Москве открылся 15 мая 1935 года. Первые тринадцать станций лежали между «Сокольниками» и «Парком культуры». Сеть росла в каждое десятилетие и сегодня насчитывает более 250 станций.',
  },
  {
    kind: 'Arabic note',
    prompt: 'اكتب فقرة قصيرة عن فوائد زيت الزيتون للصحة والقلب',
    criteria: ['الفقرة تذكر فوائد زيت الزيتون للقلب'],
    output:
      'يحتوي زيت الزيتون البكر على مضادات أكسدة تحمي القلب، ومن فوائد استعماله اليومي خفض الكوليسترول الضار وتحسين صحة الشرايين.',
  },
  {
    kind: 'Thai note',
    prompt: 'เขียนย่อหน้าสั้น ๆ เกี่ยวกับประโยชน์ของการออกกำลังกาย',
    criteria: ['กล่าวถึงประโยชน์ของการออกกำลังกาย'],
    output: 'การออกกำลังกายสม่ำเสมอช่วยให้หัวใจแข็งแรง นอนหลับดีขึ้น และลดความเครียด ประโยชน์ของมันเห็นได้ภายในไม่กี่สัปดาห์',
  },
  {
    kind: 'devops',
    prompt: 'Our Docker image is 1.4 GB. Write a multi-stage Dockerfile for the Node app so that it gets below 250 MB.',
    criteria: ['A multi-stage Dockerfile', 'The image is below 250 MB'],
    output: `FROM node:24-slim AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci --omit=dev
# second stage: only what runs
FROM gcr.io/distroless/nodejs24
COPY --from=build /app /app
CMD ["/app/src/main.js"]
# docker images: app 187 MB (before: 1.4 GB)`,
  },
  {
    kind: 'table',
    prompt:
      'Compare three project management tools (Trello, Asana, Linear) by price, integrations and keyboard control, as a table.',
    criteria: ['A table with price, integrations and keyboard control', 'All three tools are compared'],
    output: `| tool | price per seat | integrations | keyboard |
|---|---|---|---|
| Trello | $5 | 200+ power-ups | some shortcuts |
| Asana | $11 | 270 | most actions |
| Linear | $8 | 60 | everything |`,
  },
  {
    kind: 'poem',
    prompt: 'A haiku about autumn leaves in Kyoto',
    criteria: ['A haiku of three lines about autumn leaves'],
    output: 'Red leaves on wet stone –\nold Kyoto holds its breath\nwhile autumn sweeps by',
  },
]
