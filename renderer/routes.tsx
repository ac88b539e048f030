import { createHashHistory, createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { Shell } from './layout/shell.tsx'
import { ActivityPage } from './pages/activity/activity-page.tsx'
import { AdvisorPage } from './pages/advisor/advisor-page.tsx'
import { FailuresPage } from './pages/failures/failures-page.tsx'
import { GatewayPage } from './pages/gateway/gateway-page.tsx'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { OverviewPage } from './pages/overview/overview-page.tsx'
import { RulePage } from './pages/rules/rule-page.tsx'
import { RulesPage } from './pages/rules/rules-page.tsx'
import { SettingsPage } from './pages/settings/settings-page.tsx'
import { SitesPage } from './pages/sites/sites-page.tsx'
import { TransfersPage } from './pages/transfers/transfers-page.tsx'
import { WizardPage } from './pages/wizard/wizard-page.tsx'
import { activitySearch, advisorSearch, failureSearch, ruleSearch, sitesSearch, transferSearch } from './search.ts'

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage })

const tree = root.addChildren([
  createRoute({ getParentRoute: () => root, path: '/', component: OverviewPage }),
  createRoute({ getParentRoute: () => root, path: '/sites', component: SitesPage, validateSearch: sitesSearch }),
  createRoute({ getParentRoute: () => root, path: '/pair', component: WizardPage }),
  createRoute({ getParentRoute: () => root, path: '/rules', component: RulesPage }),
  createRoute({
    getParentRoute: () => root,
    path: '/rules/$ruleId',
    component: RulePage,
    validateSearch: ruleSearch,
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/transfers',
    component: TransfersPage,
    validateSearch: transferSearch,
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/failures',
    component: FailuresPage,
    validateSearch: failureSearch,
  }),
  createRoute({
    getParentRoute: () => root,
    path: '/activity',
    component: ActivityPage,
    validateSearch: activitySearch,
  }),
  createRoute({ getParentRoute: () => root, path: '/gateway', component: GatewayPage }),
  createRoute({ getParentRoute: () => root, path: '/advisor', component: AdvisorPage, validateSearch: advisorSearch }),
  createRoute({ getParentRoute: () => root, path: '/settings', component: SettingsPage }),
])

/** Hash addresses, because in Electron the page is a file: `index.html#/failures?rule=photos`. */
export function createConsoleRouter() {
  return createRouter({ routeTree: tree, history: createHashHistory(), defaultPreload: false })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>
  }
}
