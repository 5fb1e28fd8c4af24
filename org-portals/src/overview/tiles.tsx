import type { ReconciliationReport } from '@triflow/gateway/client'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { formatCount, formatFen, formatFenShort } from '../format/index.ts'
import { useWaiting } from '../worklist/use-work.ts'

/** The figures of this member in one row; each leads to its list. */
export function Tiles({ report }: { readonly report: ReconciliationReport }) {
  const { t } = useTranslation()
  const waiting = useWaiting()
  const tiles = moneyTiles(report)
  return (
    <div className="tiles">
      <Link to="/work" className={waiting > 0 ? 'tile tile-calls' : 'tile'}>
        <span className="quiet">{t('overview.waiting')}</span>
        <strong>{formatCount(waiting)}</strong>
        <span className="quiet">{t(waiting > 0 ? 'overview.toWork' : 'worklist.empty')}</span>
      </Link>
      {tiles.map(tile => (
        <MoneyTile key={tile.name} {...tile} />
      ))}
    </div>
  )
}

interface MoneyTileProps {
  readonly to: string
  readonly name: 'confirmed' | 'issued' | 'live' | 'financed' | 'redeemed'
  readonly count: number
  readonly amountFen: string
}

/** Only what this organisation has to do with: a bank sees no invoices, a regulator none of this. */
export function moneyTiles(report: ReconciliationReport): MoneyTileProps[] {
  const { issued, live, split, financed, redeemed } = report.certificates
  const papers = '/certificates'
  const holds = [issued, live, split, redeemed].some(({ count }) => count > 0)
  const trades = report.invoices.count > 0
  const all: [boolean, MoneyTileProps][] = [
    [trades, { to: '/invoices', name: 'confirmed', ...report.confirmed }],
    [trades, { to: papers, name: 'issued', ...issued }],
    [trades || holds, { to: papers, name: 'live', ...live }],
    [trades || financed.count > 0, { to: papers, name: 'financed', ...financed }],
    [trades || holds, { to: papers, name: 'redeemed', ...redeemed }],
  ]
  return all.filter(([shown]) => shown).map(([, tile]) => tile)
}

function MoneyTile({ to, name, count, amountFen }: MoneyTileProps) {
  const { t, i18n } = useTranslation()
  return (
    <Link to={to} className="tile">
      <span className="quiet">{t(`overview.${name}`)}</span>
      <strong title={`¥ ${formatFen(amountFen)}`}>
        <small>¥</small> {formatFenShort(amountFen, i18n.language)}
      </strong>
      <span className="quiet">
        {t(name === 'confirmed' ? 'overview.invoiceCount' : 'overview.paperCount', {
          count,
          shown: formatCount(count),
        })}
      </span>
    </Link>
  )
}
