import { room } from '../../base/endpoint.ts'
import { filesApi } from './api.ts'
import { download, type MayRead } from './download.ts'
import type { Storage } from './storage.ts'
import { upload } from './upload.ts'

export const filesRoom = ({ storage, mayRead }: { storage: Storage; mayRead: MayRead }) =>
  room(filesApi, {
    upload: (call) => upload(call, storage),
    download: (call, input) => download(call, input, storage, mayRead),
  })
