import { Checkbox, Grid, NumberInput, PasswordInput, Select, Switch, Textarea, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import type { ReactNode } from 'react'

interface Choice {
  readonly value: string
  readonly label: string
}

type FieldKind = 'text' | 'secret' | 'number' | 'lines' | 'choice' | 'switch' | 'tick'

interface FieldProps<Values> {
  readonly form: Pick<UseFormReturnType<Values>, 'getInputProps'>
  readonly name: keyof Values & string
  /** `lines`: a text of several lines that grows; `choice`: one of `data`. */
  readonly kind?: FieldKind
  readonly label: ReactNode
  readonly description?: ReactNode
  /** Columns of twelve; a field without it stands alone. */
  readonly span?: number | { readonly base: number; readonly sm: number }
  readonly width?: number
  readonly placeholder?: string
  readonly min?: number
  readonly max?: number
  readonly data?: readonly Choice[]
  readonly disabled?: boolean
}

/** One field of a form: its label, what it means, its value and its fault, bound to the form by name. */
export function Field<Values>({ form, name, kind = 'text', span, width, data = [], ...given }: FieldProps<Values>) {
  const ticked = kind === 'switch' || kind === 'tick'
  const props = { ...given, w: width, ...form.getInputProps(name, ticked ? { type: 'checkbox' } : {}) }
  const input = drawn(kind, props, data)
  return span === undefined ? input : <Grid.Col span={span}>{input}</Grid.Col>
}

function drawn(kind: FieldKind, props: object, data: readonly Choice[]): ReactNode {
  switch (kind) {
    // What is typed here are names, keys and addresses: no spelling and no memory of other forms helps.
    case 'text':
      return <TextInput autoComplete="off" spellCheck={false} {...props} />
    case 'secret':
      return <PasswordInput autoComplete="off" {...props} />
    case 'number':
      return <NumberInput {...props} />
    case 'lines':
      return <Textarea autosize minRows={1} maxRows={6} spellCheck={false} {...props} />
    case 'choice':
      return <Select data={[...data]} {...props} />
    case 'switch':
      return <Switch {...props} />
    case 'tick':
      return <Checkbox {...props} />
  }
}
