import type { Fault } from '../../../shared/model/fault.ts'
import type { SiteWithCredentials } from '../../../shared/model/site.ts'
import type { MarkerNote, NewTask, UploadRecord } from '../journal/port/tasks.ts'
import type { LinkOrder, Outcome, TaskOrder } from '../replicate/port.ts'
import type { ListRequest, SseCKey, UploadedPart, VersionPage } from '../store/port.ts'
import type { Timeouts } from '../store/wire/request.ts'

export type ToThread =
  | {
      readonly type: 'site'
      readonly site: SiteWithCredentials
      readonly sockets: number
      readonly timeouts: Partial<Timeouts>
    }
  | { readonly type: 'forget-site'; readonly siteId: string }
  | { readonly type: 'link'; readonly link: LinkOrder; readonly pacer: SharedArrayBuffer }
  /** All that there are: a link takes those that its rule names. */
  | { readonly type: 'sse-c-keys'; readonly keys: readonly SseCKey[] }
  | { readonly type: 'forget-link'; readonly linkId: string }
  | { readonly type: 'tasks'; readonly tasks: readonly TaskOrder[] }
  | { readonly type: 'cancel'; readonly seqs: readonly number[] }
  | { readonly type: 'list'; readonly call: number; readonly siteId: string; readonly request: ListRequest }
  | { readonly type: 'upload-saved'; readonly seq: number }
  | { readonly type: 'marker-noted'; readonly seq: number }
  | { readonly type: 'stop' }

/** The task that names a delete marker. */
export type MarkerTask = Pick<NewTask, 'linkId' | 'key' | 'versionId'>

export interface Progress {
  readonly seq: number
  readonly sizeBytes: number
  readonly doneBytes: number
  readonly parts: { readonly done: number; readonly total: number } | null
}

export type FromThread =
  | { readonly type: 'outcomes'; readonly outcomes: readonly (readonly [seq: number, outcome: Outcome])[] }
  | {
      readonly type: 'progress'
      readonly progress: readonly Progress[]
      readonly moved: readonly (readonly [linkId: string, readBytes: number, writtenBytes: number])[]
    }
  | { readonly type: 'upload-started'; readonly seq: number; readonly record: Omit<UploadRecord, 'parts'> }
  | { readonly type: 'part-done'; readonly seq: number; readonly part: UploadedPart }
  | { readonly type: 'upload-ended'; readonly seq: number }
  | { readonly type: 'marker'; readonly seq: number; readonly task: NewTask; readonly note: MarkerNote }
  | { readonly type: 'marker-ended'; readonly of: MarkerTask; readonly note: MarkerNote | null }
  | { readonly type: 'listed'; readonly call: number; readonly page: VersionPage | null; readonly fault: Fault | null }
