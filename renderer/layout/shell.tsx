import { ActionIcon, AppShell, Group, Tooltip } from '@mantine/core'
import { IconKeyboard } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { Link, Outlet, useRouter } from '@tanstack/react-router'
import { useCallback, useEffect, useState, type ReactNode } from 'react'
import { overallOf } from '../../shared/text/overall.ts'
import { ToneBadge } from '../components/tone.tsx'
import { useConsole, useLive } from '../console-parts.ts'
import { isStale, type LiveState } from '../live.ts'
import { countOf, formatClock, formatCount } from '../text/format.ts'
import { Announcer } from './announcer.tsx'
import { DemoSwitch } from './demo-switch.tsx'
import { destinations } from './destinations.ts'
import { JobsIndicator } from './jobs-indicator.tsx'
import { LiveBanner } from './live-banner.tsx'
import { ShortcutSheet } from './shortcut-sheet.tsx'
import { useShortcuts } from './use-shortcuts.ts'

/** Lockstep's mark: two feet of one stride. */
function Mark() {
  return (
    <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden>
      <rect width="32" height="32" rx="6" fill="#14526b" />
      <path d="M8 7h5v13h6v5H8z" fill="#fff" />
      <path d="M24 25h-3V12h-5V7h8z" fill="#7cc0d6" />
    </svg>
  )
}

/** The frame around every page: where one is, how everything stands, what runs. */
export function Shell() {
  const [help, setHelp] = useState(false)
  useShortcuts(useCallback(() => setHelp(true), []))
  useFocusOnNewPage()
  return (
    <>
      <a
        className="skip-link"
        href="#main"
        onClick={(event) => {
          // The hash belongs to the router.
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        Skip to the page
      </a>
      <AppShell header={{ height: 52 }} navbar={{ width: { base: 56, lg: 200 }, breakpoint: 0 }} padding={20}>
        <AppShell.Header className="shell-header">
          <Link to="/" className="brand">
            <Mark />
            Lockstep
          </Link>
          <GlobalState />
          <Stale>
            <Group gap={16} wrap="nowrap">
              <DemoSwitch />
              <JobsIndicator />
            </Group>
          </Stale>
          <Tooltip label="Keyboard shortcuts (?)">
            <ActionIcon aria-label="Keyboard shortcuts" onClick={() => setHelp(true)}>
              <IconKeyboard size={18} />
            </ActionIcon>
          </Tooltip>
        </AppShell.Header>
        <Navigation />
        <AppShell.Main id="main" tabIndex={-1} style={{ outline: 'none' }}>
          <div style={{ margin: '-20px -20px 20px' }}>
            <LiveBanner />
          </div>
          <Stale>
            <Outlet />
          </Stale>
        </AppShell.Main>
      </AppShell>
      <ShortcutSheet opened={help} onClose={() => setHelp(false)} />
    </>
  )
}

function GlobalState() {
  const { queries } = useConsole()
  const { data } = useQuery(queries.overview)
  const { data: rules = [] } = useQuery(queries.rules)
  const { data: gateway } = useQuery(queries.gateway)
  const live = useLive()
  const degraded = rules.filter((rule) => rule.degraded !== null).length
  const deaf = gateway?.state.kind === 'fault'
  const overall = data ? overallOf(data, { degraded, deaf }) : null
  return (
    <div className="global-state">
      {isStale(live) ? (
        <ToneBadge tone="quiet">{notKnownText(live)}</ToneBadge>
      ) : (
        overall && <ToneBadge tone={overall.tone}>{overall.sentence}</ToneBadge>
      )}
      <Announcer sentence={isStale(live) ? '' : (overall?.sentence ?? '')} />
    </div>
  )
}

const notKnownText = ({ asOf }: LiveState): string =>
  asOf === null ? 'Not known' : `Not known since ${formatClock(asOf)}`

/** What is on the screen loses its colours when it is a memory: no green speaks of now. */
function Stale({ children }: { readonly children: ReactNode }) {
  return <div data-stale={isStale(useLive()) || undefined}>{children}</div>
}

function Navigation() {
  const { queries } = useConsole()
  const { data } = useQuery(queries.overview)
  const attention = data ? data.totals.failing + data.totals.parked : 0
  const held = data?.held ?? []
  const heldRules = new Set(held.flatMap(({ ruleIds }) => ruleIds)).size
  return (
    <AppShell.Navbar className="shell-nav" aria-label="Pages" data-stale={isStale(useLive()) || undefined}>
      {destinations.map(({ to, title, icon: Icon }) => (
        <Link
          key={to}
          to={to}
          className="nav-entry"
          title={title}
          activeOptions={{ exact: to === '/', includeSearch: false }}
        >
          <Icon size={17} stroke={1.7} aria-hidden />
          <span className="nav-title">{title}</span>
          {to === '/rules' && held.length > 0 && (
            <span
              className="nav-count"
              aria-label={`${countOf(heldRules, 'rule')} held by ${countOf(held.length, 'cause')}`}
              role="img"
            >
              {formatCount(held.length)}
            </span>
          )}
          {to === '/failures' && attention > 0 && (
            <span className="nav-count" aria-label={`${attention} need attention`} role="img">
              {formatCount(attention)}
            </span>
          )}
        </Link>
      ))}
      <Freshness />
    </AppShell.Navbar>
  )
}

function Freshness() {
  const { kind, asOf } = useLive()
  return (
    <div className="nav-foot">
      {kind === 'live' && asOf !== null ? (
        <>Live, as&nbsp;of {formatClock(asOf)}</>
      ) : kind === 'lost' || kind === 'signed-out' ? (
        'Not live'
      ) : (
        'Connecting…'
      )}
    </div>
  )
}

/** After a change of page the focus goes to its heading, so that keyboard and speech start where the page does. */
function useFocusOnNewPage(): void {
  const router = useRouter()
  // The address changes before the page does: only what is rendered can take the focus.
  useEffect(
    () =>
      router.subscribe('onRendered', ({ fromLocation, pathChanged }) => {
        if (fromLocation === undefined || !pathChanged) return
        document.getElementById('page-title')?.focus({ preventScroll: true })
        window.scrollTo(0, 0)
      }),
    [router],
  )
}
