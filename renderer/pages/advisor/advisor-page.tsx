import { Button, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi, useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import type { Advice } from '../../../shared/model/advisor.ts'
import type { AckPolicy, RuleView } from '../../../shared/model/rule.ts'
import type { SiteView } from '../../../shared/model/site.ts'
import { Loaded } from '../../components/loaded.tsx'
import { Empty, Page, Panel } from '../../components/page.tsx'
import { useConsole } from '../../console-parts.ts'
import type { AdvisorSearch } from '../../search.ts'
import { noAssumptions, readAssumptions } from './assumption-values.ts'
import { AssumptionsForm } from './assumptions-form.tsx'
import { ComparisonTable } from './comparison-table.tsx'
import { FiguresPanel } from './figures-panel.tsx'
import { basisText, comparedRows } from './mode-rows.ts'
import { RecommendationNote } from './recommendation-note.tsx'
import { SubjectPicker } from './subject-picker.tsx'
import { UseMode, type Use } from './use-mode.tsx'

/** What is compared: a rule, or a pair of sites that need none. */
export interface Subject {
  readonly ruleId: string | null
  readonly sourceSite: string
  readonly targetSites: readonly string[]
}

function subjectOfRule({ id, source, targets }: Pick<RuleView, 'id' | 'source' | 'targets'>): Subject {
  return { ruleId: id, sourceSite: source.site, targetSites: targets.map(({ site }) => site) }
}

/** What the address names; without a name the first rule, so that the page is never empty where there is one. */
function subjectOf(search: AdvisorSearch, rules: readonly RuleView[]): Subject | null {
  if (search.source !== undefined) {
    const targetSites = (search.targets ?? []).filter((site) => site !== search.source)
    return targetSites.length === 0 ? null : { ruleId: null, sourceSite: search.source, targetSites }
  }
  const rule = rules.find(({ id }) => id === search.rule) ?? (search.rule === undefined ? rules[0] : undefined)
  return rule === undefined ? null : subjectOfRule(rule)
}

const route = getRouteApi('/advisor')

/** What each way to acknowledge writes would cost and give, by what was measured between the sites. */
export function AdvisorPage() {
  const { queries } = useConsole()
  const rules = useQuery(queries.rules)
  const sites = useQuery(queries.sites)
  return (
    <Page
      title="Advisor"
      lead="How long clients would wait, what could be lost and what would pile up: one column for each way to acknowledge a write."
    >
      <Loaded query={rules} what="the rules">
        {(ruleRows) => (
          <Loaded query={sites} what="the sites">
            {(siteRows) => <Content rules={ruleRows} sites={siteRows} />}
          </Loaded>
        )}
      </Loaded>
    </Page>
  )
}

interface ContentProps {
  readonly rules: readonly RuleView[]
  readonly sites: readonly SiteView[]
}

function Content({ rules, sites }: ContentProps) {
  const search = route.useSearch()
  const navigate = useNavigate()
  const subject = subjectOf(search, rules)
  if (sites.length < 2) return <TooFewSites />
  return (
    <>
      <SubjectPicker
        rules={rules}
        sites={sites}
        search={subject === null && search.source === undefined ? { source: sites[0]!.id, targets: [] } : search}
        ruleId={subject?.ruleId ?? null}
        onPick={(picked) => void navigate({ to: '/advisor', search: picked, replace: true })}
      />
      {subject === null ? (
        <Empty title="Which sites?">Choose a rule, or a source and at least one target.</Empty>
      ) : (
        <Comparison
          key={JSON.stringify(subject)}
          subject={subject}
          rule={rules.find(({ id }) => id === subject.ruleId)}
        />
      )}
    </>
  )
}

function TooFewSites() {
  const navigate = useNavigate()
  return (
    <Empty
      title="Two sites are needed"
      action={<Button onClick={() => void navigate({ to: '/pair' })}>Pair two sites</Button>}
    >
      The advisor compares by what Lockstep measures between a source and its targets. Connect them first.
    </Empty>
  )
}

function Comparison({ subject, rule }: { readonly subject: Subject; readonly rule: RuleView | undefined }) {
  const { queries } = useConsole()
  const [values, setValues] = useState(noAssumptions)
  const [settled] = useDebouncedValue(values, 250)
  const advice = useQuery(queries.advice({ ...subject, assume: readAssumptions(settled).assume }))
  return (
    <>
      <Loaded query={advice} what="the comparison">
        {(found) =>
          rule === undefined ? (
            <Compared advice={found} use={null} />
          ) : (
            <UseMode rule={rule}>{(use) => <Compared advice={found} use={use} />}</UseMode>
          )
        }
      </Loaded>
      <AssumptionsForm values={values} figures={advice.data?.figures ?? null} onChange={setValues} />
    </>
  )
}

function Compared({ advice, use }: { readonly advice: Advice; readonly use: Use | null }) {
  return (
    <>
      <RecommendationNote advice={advice}>
        <UseRecommended policy={advice.recommendation.policy} use={use} />
      </RecommendationNote>
      <Panel title="Modes side by side" flush>
        <ComparisonTable
          advice={advice}
          rows={comparedRows}
          caption="Modes side by side"
          used={use?.used ?? null}
          onUse={use?.onUse ?? null}
        />
        <Text c="dimmed" size="sm" px={14} py={10}>
          {advice.figures.targets.length === 1 &&
            'With one target, “one target”, “majority” and “all targets” promise the same. '}
          Only writes that come through Lockstep’s S3 gateway can wait for targets; what is written at the source
          directly is copied afterwards. Round trips are those from this computer, where the gateway runs.
        </Text>
      </Panel>
      <FiguresPanel figures={advice.figures} />
      <Text c="dimmed" size="sm">
        {basisText(advice)}
      </Text>
    </>
  )
}

function UseRecommended({ policy, use }: { readonly policy: AckPolicy | null; readonly use: Use | null }) {
  if (policy === null || use === null) return null
  if (policy === use.used) return <Text mt={8}>This is what the rule does.</Text>
  return (
    <Button mt={10} onClick={() => use.onUse(policy)}>
      Use the recommended mode
    </Button>
  )
}
