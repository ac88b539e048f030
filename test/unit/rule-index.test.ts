import { expect, onTestFinished, test } from 'vitest'
import { ruleSchema, type Rule } from '../../shared/model/rule.ts'
import { openJournal } from '../../electron/engine/journal/sqlite/sqlite-journal.ts'
import { Remembered } from '../../electron/engine/journal/remembered.ts'
import { LinkBook } from '../../electron/engine/link/link-book.ts'
import { RuleBook } from '../../electron/engine/rule/rule-book.ts'
import { currentRuleIndex } from '../../electron/engine/link/rule-index.ts'
import { decide, indexRules, type RuleIndex } from '../../electron/engine/rule/decide.ts'
import { Random } from '../support/random.ts'
import { makeTempDir } from '../support/temp.ts'

async function world() {
  const temp = await makeTempDir('rule-index')
  const journal = openJournal({ dir: temp.path, now: () => 100 })
  onTestFinished(async () => {
    await journal.close()
    await temp.remove()
  })
  const endpoints = new Map(['a', 'b', 'c'].map((id) => [id, `http://${id}.example`]))
  const rules = await RuleBook.open(journal.records, () => 100)
  const book = new LinkBook({
    records: journal.records,
    sources: await Remembered.ofRecords(journal.records, 'sources-of/'),
    keptByLink: [],
    endpoint: (id) => endpoints.get(id) ?? null,
    now: () => 100,
  })
  return { endpoints, rules, book, index: currentRuleIndex(rules, book) }
}

const rule = (id: string, enabled: boolean, prefix: string, target: string): Rule =>
  ruleSchema.parse({
    id,
    enabled,
    filter: { prefix },
    source: { site: 'a', bucket: 'data' },
    targets: [{ site: target, bucket: `to-${id}` }],
  })

const decided = (index: RuleIndex): readonly string[] =>
  ['x/1', 'y/1'].flatMap((key) =>
    decide(index, { site: 'a', bucket: 'data' }, { key, operation: 'put' }).map(({ linkId }) => `${key} ${linkId}`),
  )

test('what is asked at every change is made once, and again only when a rule or a link has changed', async () => {
  const { rules, book, index } = await world()
  await rules.put(rule('r', true, '', 'b'))
  await book.reconcile(rules.rules())
  const first = index()
  expect(index()).toBe(first)
  await rules.put(rule('r', false, '', 'b'))
  expect(index()).not.toBe(first)
})

test('rules and links of this moment decide, whatever is changed and whenever it is asked', async () => {
  const { endpoints, rules, book, index } = await world()
  const random = new Random(7)
  const acts = [
    async () =>
      rules.put(
        rule(
          random.pick(['r1', 'r2', 'r3']),
          random.chance(0.8),
          random.pick(['', 'x/', 'y/']),
          random.pick(['b', 'c']),
        ),
      ),
    async () => book.reconcile(rules.rules()),
    async () => endpoints.set(random.pick(['a', 'b']), `http://moved-${random.int(0, 8)}.example`),
    async () => rules.remove(random.pick(rules.list()).rule.id),
    async () => rules.pause(random.pick(rules.list()).rule.id, { by: 'operator', reason: '', at: 1 }),
  ]
  await rules.put(rule('r0', true, '', 'b'))
  for (let step = 0; step < 300; step++) {
    await (rules.list().length === 0 ? acts[0]! : random.pick(acts))()
    const fresh = indexRules(
      rules.list().map((record) => record.rule),
      (one) => book.linksOf(one),
    )
    expect(decided(index())).toEqual(decided(fresh))
  }
})
