import { Autocomplete, Button, Group, Radio, Stack, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { BucketView, SiteView } from '../../../shared/model/site.ts'
import { Loaded } from '../../components/loaded.tsx'
import { QueryFault } from '../../components/query-fault.tsx'
import { ToneBadge } from '../../components/tone.tsx'
import { useConsole } from '../../console-parts.ts'
import { siteState, vendorNames } from '../../text/site.ts'
import { SiteEditor, SiteEditorForm } from '../sites/site-editor.tsx'
import { emptySiteValues } from '../sites/site-form-values.ts'
import { sideProblem, type PairDraft, type SideDraft } from './pair-draft.ts'
import { StepFrame } from './step-frame.tsx'

interface SideStepProps {
  readonly which: 'source' | 'target'
  readonly draft: PairDraft
  readonly onChange: (changed: Partial<PairDraft>) => void
  readonly onNext: () => void
  readonly onBack: (() => void) | null
}

const words = {
  source: { title: 'Where are the objects?', lead: 'The site and bucket that are read. They are not changed.' },
  target: { title: 'Where should they be too?', lead: 'The site and bucket that are kept in step with the source.' },
}
const anotherSite = '+another'

/** Chooses or enters one site and its bucket; the source and the target are asked for in the same way. */
export function SideStep({ which, draft, onChange, onNext, onBack }: SideStepProps) {
  const { queries } = useConsole()
  const sites = useQuery(queries.sites)
  const [tried, setTried] = useState(false)
  const [connected, setConnected] = useState(false)
  const side = draft[which]
  const set = (changed: Partial<SideDraft>) => onChange({ [which]: { ...side, ...changed } })
  const problem = sideProblem(draft, which)
  const choose = (siteId: string) => {
    setConnected(false)
    // The same name at both ends is what most pairs want.
    const bucket = which === 'target' && side.bucket === '' ? draft.source.bucket : side.bucket
    set(siteId === anotherSite ? { adding: true, siteId: null } : { adding: false, siteId, bucket })
  }
  const entering = side.adding || sites.data?.length === 0
  const next = (
    // While a site is entered, “Connect” is what to press.
    <Button
      size="sm"
      variant={entering ? 'default' : 'filled'}
      onClick={() => (problem === null ? onNext() : setTried(true))}
    >
      {which === 'source' ? 'Next: target' : 'Next: checks'}
    </Button>
  )
  return (
    <StepFrame {...words[which]} onBack={onBack} next={next} problem={tried ? problem : null}>
      <Loaded query={sites} what="the sites">
        {(rows) => (
          <Stack gap="lg">
            {rows.length > 0 && (
              <SiteChoice rows={rows} which={which} value={entering ? anotherSite : side.siteId} onChoose={choose} />
            )}
            {entering && (
              <SiteEditorForm
                site={null}
                save="Connect"
                onCancel={null}
                typed={side.typed}
                onTyped={(typed) => set({ typed, adding: true })}
                onSaved={(saved) => {
                  setConnected(true)
                  set({
                    siteId: saved.id,
                    adding: false,
                    typed: emptySiteValues,
                    bucket: side.bucket || (which === 'target' ? draft.source.bucket : ''),
                  })
                }}
              />
            )}
            {side.siteId !== null && !entering && (
              <BucketChoice
                key={side.siteId}
                site={rows.find(({ id }) => id === side.siteId) ?? null}
                siteId={side.siteId}
                which={which}
                value={side.bucket}
                focused={connected}
                error={tried && side.siteId !== null ? problem : null}
                onChange={(bucket) => set({ bucket })}
              />
            )}
          </Stack>
        )}
      </Loaded>
    </StepFrame>
  )
}

interface SiteChoiceProps {
  readonly rows: readonly SiteView[]
  readonly which: 'source' | 'target'
  readonly value: string | null
  readonly onChoose: (siteId: string) => void
}

function SiteChoice({ rows, which, value, onChoose }: SiteChoiceProps) {
  return (
    <Radio.Group label={which === 'source' ? 'Source site' : 'Target site'} value={value} onChange={onChoose}>
      <div
        className="link-grid"
        style={{ gap: 8, marginTop: 4, gridTemplateColumns: 'repeat(auto-fill, minmax(300px, 1fr))' }}
      >
        {rows.map((site) => {
          const { label, tone } = siteState(site)
          return (
            <div key={site.id} className="choice" data-chosen={value === site.id}>
              <Radio
                value={site.id}
                style={{ flex: 1, minWidth: 0 }}
                label={site.name}
                description={`${site.capabilities ? `${vendorNames[site.capabilities.vendor]}, ` : ''}${site.endpoint}`}
              />
              <ToneBadge tone={tone}>{label}</ToneBadge>
            </div>
          )
        })}
        <div className="choice" data-chosen={value === anotherSite}>
          <Radio value={anotherSite} label="Another site" description="Enter its endpoint and keys" />
        </div>
      </div>
    </Radio.Group>
  )
}

interface BucketChoiceProps {
  readonly site: SiteView | null
  readonly siteId: string
  readonly which: 'source' | 'target'
  readonly value: string
  /** Takes the focus when it appears: the form that had it is gone. */
  readonly focused: boolean
  readonly error: string | null
  readonly onChange: (bucket: string) => void
}

function BucketChoice({ site, siteId, which, value, focused, error, onChange }: BucketChoiceProps) {
  const { queries } = useConsole()
  const buckets = useQuery(queries.buckets(siteId))
  const [editing, setEditing] = useState(false)
  const chosen = buckets.data?.find(({ name }) => name === value)
  return (
    <Stack gap="sm">
      {buckets.isError && (
        <>
          <QueryFault error={buckets.error} retry={() => void buckets.refetch()} />
          <Group gap="sm">
            {site && (
              <Button variant="default" onClick={() => setEditing(true)}>
                Edit the connection of {site.name}
              </Button>
            )}
            <Text c="dimmed">You can also type the bucket’s name and let the checks find out more.</Text>
          </Group>
        </>
      )}
      <Autocomplete
        maw={420}
        label={which === 'source' ? 'Source bucket' : 'Target bucket'}
        description={
          buckets.isPending ? 'Reading the list of buckets…' : bucketHint(which, value, chosen, buckets.isError)
        }
        placeholder="Choose or type a name"
        data={(buckets.data ?? []).map(({ name }) => name)}
        value={value}
        autoFocus={focused}
        onChange={onChange}
        error={error}
        limit={100}
        maxDropdownHeight={240}
        spellCheck={false}
      />
      {site && <SiteEditor site={site} opened={editing} onClose={() => setEditing(false)} />}
    </Stack>
  )
}

/** What the chosen bucket brings along, or what will become of a name that is not there yet. */
function bucketHint(
  which: 'source' | 'target',
  value: string,
  chosen: BucketView | undefined,
  unread: boolean,
): string {
  if (value === '') return 'From the list, or any other that the keys may use.'
  if (chosen === undefined) {
    if (unread) return 'Whether it is there, the checks will tell.'
    return which === 'target' ? 'It is not there yet: the checks can create it.' : 'It is not in the list of this site.'
  }
  const lock = chosen.objectLock ? ', with object lock' : ''
  switch (chosen.versioning) {
    case 'Enabled':
      return `Versioning is on${lock}.`
    case 'unknown':
      return `Whether versioning is on, the checks will tell${lock}.`
    case 'Off':
    case 'Suspended':
      return 'Versioning is not on: the checks can switch it on.'
  }
}
