import { room } from '../../../base/endpoint.ts'
import { milestonesApi } from './api.ts'
import { approve } from './approve.ts'
import { cancel } from './cancel.ts'
import { deliver } from './deliver.ts'
import { propose } from './propose.ts'
import { refund } from './refund.ts'
import { release } from './release.ts'

export const milestonesRoom = () => room(milestonesApi, { propose, approve, deliver, release, refund, cancel })
