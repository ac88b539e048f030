import {
  IconAlertTriangle,
  IconArrowsLeftRight,
  IconDoorEnter,
  IconGauge,
  IconHistory,
  IconListDetails,
  IconScale,
  IconServer2,
  IconSettings,
} from '@tabler/icons-react'

/** The one list of pages one can go to: navigation, keys and the shortcuts sheet all read it. */
export const destinations = [
  { to: '/', title: 'Overview', key: 'o', icon: IconGauge },
  { to: '/sites', title: 'Sites', key: 's', icon: IconServer2 },
  { to: '/rules', title: 'Rules', key: 'r', icon: IconListDetails },
  { to: '/gateway', title: 'Gateway', key: 'w', icon: IconDoorEnter },
  { to: '/transfers', title: 'Transfers', key: 't', icon: IconArrowsLeftRight },
  { to: '/failures', title: 'Failures', key: 'f', icon: IconAlertTriangle },
  { to: '/activity', title: 'Activity', key: 'a', icon: IconHistory },
  { to: '/advisor', title: 'Advisor', key: 'd', icon: IconScale },
  { to: '/settings', title: 'Settings', key: 'e', icon: IconSettings },
] as const
export type Destination = (typeof destinations)[number]
