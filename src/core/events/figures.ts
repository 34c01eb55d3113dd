import type { Figures } from '../../base/figures.ts'

/** How the numbering of events stands. One row. */
export const eventFigures: readonly Figures[] = [
  {
    query: `select seq, cardinality(gaps) as gaps from event_sequence`,
    labels: [],
    shown: {
      seq: { name: 'clawrk_events_numbered', help: 'The number of the newest event.' },
      gaps: {
        name: 'clawrk_event_gaps',
        help: 'Places among the events whose transactions may still be under way; a long one keeps them open.',
      },
    },
  },
]
