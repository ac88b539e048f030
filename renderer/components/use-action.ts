import { notifications } from '@mantine/notifications'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { faultText } from '../../shared/text/sentence.ts'
import { tellError } from '../text/told.ts'

/**
 * Something the operator asks of the engine. Says that it was done (when `done` names it), or why not and what to do;
 * a refusal stays on the screen until it is closed.
 */
export function useAction<In, Out>(run: (input: In) => Promise<Out>, done?: (output: Out, input: In) => string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: run,
    onSuccess: (output, input) => {
      const message = done?.(output, input)
      if (message) notifications.show({ message, color: 'petrol' })
      void queryClient.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'series' })
    },
    onError: (error) => {
      const told = tellError(error)
      notifications.show({
        title: told.title,
        message: faultText(told),
        color: 'red',
        autoClose: false,
      })
    },
  })
}
