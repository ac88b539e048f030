import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Empty, Page } from '../components/page.tsx'

export function NotFoundPage() {
  return (
    <Page title="No such page">
      <Empty
        title="There is nothing at this address"
        action={
          <Button component={Link} to="/">
            Go to the overview
          </Button>
        }
      >
        The address may be from another version of Lockstep.
      </Empty>
    </Page>
  )
}
