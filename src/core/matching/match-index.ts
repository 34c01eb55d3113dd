/** An offer as other rooms hand it over inside their own statements: each part an SQL expression over the rows of `from`. */
export interface Offered {
  readonly offer: string
  readonly title: string
  readonly skill: string
  readonly text: string
  readonly from: string
}

/** Stores what ranking needs of offers. The title counts most, the skill next, then what is asked. */
export const matchIndex = ({ offer, title, skill, text, from }: Offered): string =>
  `insert into match_text (offer, search) select ${offer},
    setweight(to_tsvector('english', ${title}), 'A') || setweight(to_tsvector('english', ${skill}), 'B')
    || setweight(to_tsvector('english', left(${text}, 20000)), 'C')
  from ${from}`
