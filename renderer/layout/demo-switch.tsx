import { Button } from '@mantine/core'
import { IconHeartbeat, IconPlugOff } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useAction } from '../components/use-action.ts'
import { useConsole } from '../console-parts.ts'

/** In the demo only: takes the sample target away and gives it back, to watch the queue fill and drain. */
export function DemoSwitch() {
  const { client, queries } = useConsole()
  const { data: demo } = useQuery(queries.demo)
  const set = useAction(
    (targetBroken: boolean) => client.demo.set.mutate({ targetBroken }),
    (view) =>
      view.targetBroken
        ? `${view.targetSite} is broken: watch the queue fill.`
        : `${view.targetSite} is back: watch the queue drain.`,
  )
  if (!demo) return null
  return demo.targetBroken ? (
    <Button
      leftSection={<IconHeartbeat size={15} aria-hidden />}
      loading={set.isPending}
      onClick={() => set.mutate(false)}
    >
      Heal the target
    </Button>
  ) : (
    <Button
      variant="default"
      leftSection={<IconPlugOff size={15} aria-hidden />}
      loading={set.isPending}
      onClick={() => set.mutate(true)}
    >
      Break the target
    </Button>
  )
}
