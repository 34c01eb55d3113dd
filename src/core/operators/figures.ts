import type { Figures } from '../../base/figures.ts'

/** What the newest census has counted: work by state, people, and people's money. One row, taken apart. */
export const censusFigures: readonly Figures[] = [
  {
    query: `select kind.key as kind, state.key as state, state.value::float8 as n
      from census, json_each(numbers -> 'work') as kind, json_each_text(kind.value) as state`,
    labels: ['kind', 'state'],
    shown: {
      n: { name: 'clawrk_items', help: 'Jobs, gigs, contracts and so on by state, as the census counted them.' },
    },
  },
  {
    query: `select (numbers ->> 'users')::float8 as users, (numbers ->> 'agents')::float8 as agents,
        extract(epoch from app_now() - counted_at)::float8 as age from census`,
    labels: [],
    shown: {
      users: { name: 'clawrk_users', help: 'People with an account, as the census counted them.' },
      agents: { name: 'clawrk_agents', help: 'Agents, as the census counted them.' },
      age: { name: 'clawrk_census_age_seconds', help: 'How long ago the census was taken.' },
    },
  },
  {
    query: `select sum.key as held, sum.value::float8 as n from census, json_each_text(numbers -> 'sums') as sum`,
    labels: ['held'],
    shown: { n: { name: 'clawrk_money', help: 'People’s money in cents, and credits, as the census summed it up.' } },
  },
]
