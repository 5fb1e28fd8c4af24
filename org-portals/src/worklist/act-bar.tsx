/** What is selected, its sum, and the button that does it; how far it is; what became of it. */
import { Alert, Button } from 'antd'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { codeText, useProblemText } from '../design/problem.ts'
import { formatFen, formatId } from '../format/index.ts'
import type { WorkKind } from './actions.ts'
import type { DoingWork } from './use-work.ts'

interface ActBarProps {
  readonly kind: WorkKind
  readonly ids: readonly string[]
  readonly amountsFen: readonly (string | undefined)[]
  readonly work: DoingWork
  readonly onDone: () => void
}

function sumFen(amounts: ActBarProps['amountsFen']): string {
  return String(amounts.reduce((sum, fen) => sum + BigInt(fen ?? '0'), 0n))
}

export function ActBar({ kind, ids, amountsFen, work, onDone }: ActBarProps) {
  const { t } = useTranslation()
  if (ids.length === 0 && !work.isPending) return null
  const sum = sumFen(amountsFen)
  return (
    <div className="act" role="group" aria-label={t(`worklist.kind.${kind}`)}>
      <span className="act-sum" role="status">
        {work.isPending
          ? t('worklist.doing')
          : t('worklist.chosen', { count: ids.length, sum: formatFen(sum) })}
      </span>
      <Button
        type="primary"
        size="large"
        loading={work.isPending}
        onClick={() => work.mutate({ kind, ids }, { onSuccess: onDone })}
      >
        {t(`worklist.act.${kind}`)}
      </Button>
      {work.isPending && <Patience work={work} />}
    </div>
  )
}

const PATIENCE_MS = 2_000

/** After two seconds: how far it is, and that leaving the page stops nothing. */
function Patience({ work }: { readonly work: DoingWork }) {
  const { t } = useTranslation()
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [])
  if (!late) return null
  const { progress } = work
  return (
    <>
      <progress
        aria-label={t('worklist.doing')}
        {...(progress ? { value: progress.done, max: Math.max(progress.total, 1) } : {})}
      />
      <span className="quiet">
        {progress ? t('worklist.progress', { ...progress }) : t('worklist.ordering')}
      </span>
    </>
  )
}

interface OutcomeProps {
  readonly work: DoingWork
  readonly nameOf: (id: string) => string
}

/** Stays until it is closed, so that it can be read, copied and acted on. */
export function Outcome({ work, nameOf }: OutcomeProps) {
  const { t } = useTranslation()
  const problemText = useProblemText()
  const place = useRef<HTMLDivElement>(null)
  const settled = work.isSuccess || work.isError
  // The button that was pressed is gone with the work: the focus goes to what became of it.
  useEffect(() => {
    if (settled) place.current?.focus()
  }, [settled, work.submittedAt])
  if (!settled) return null
  return (
    <div ref={place} tabIndex={-1} role={work.isError ? 'alert' : 'status'}>
      {work.isError ? (
        <Alert
          type="error"
          showIcon
          closable={{ onClose: work.reset }}
          title={t('worklist.failed')}
          description={problemText(work.error)}
        />
      ) : (
        <Alert
          type={work.data.refused.length > 0 ? 'warning' : 'success'}
          showIcon
          closable={{ onClose: work.reset }}
          title={t(`worklist.done`, {
            what: t(`worklist.kind.${work.data.kind}`),
            count: work.data.ok,
          })}
          description={<Details work={work} nameOf={nameOf} />}
        />
      )}
    </div>
  )
}

function Details({ work, nameOf }: OutcomeProps) {
  const { t } = useTranslation()
  const { refused, txIds } = work.data ?? { refused: [], txIds: [] }
  return (
    <>
      {refused.length > 0 && (
        <>
          {t('worklist.refused', { count: refused.length })}
          <ul className="outcome-list">
            {refused.map(({ id, code }) => (
              <li key={id}>
                {nameOf(id)}: {codeText(t, code)}
              </li>
            ))}
          </ul>
        </>
      )}
      {txIds.length > 0 && (
        <span className="quiet">
          {t('worklist.onLedger')}{' '}
          {txIds.slice(0, 3).map(txId => (
            <code key={txId} title={txId}>
              {formatId(txId)}{' '}
            </code>
          ))}
          {txIds.length > 3 && '…'}
        </span>
      )}
    </>
  )
}
