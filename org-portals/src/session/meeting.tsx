import { useTranslation } from 'react-i18next'
import { flowColour } from '../design/theme.ts'

const FLOWS = [
  ['information', 40, flowColour.information],
  ['goods', 120, flowColour.goods],
  ['funds', 200, flowColour.funds],
] as const

/** What the system does, in one picture: three flows meet, and only then is there a certificate. */
export function Meeting() {
  const { t } = useTranslation()
  return (
    <svg className="login-picture" viewBox="0 0 460 240" role="img" aria-label={t('login.picture')}>
      {FLOWS.map(([name, y, colour]) => (
        <g key={name}>
          <path
            d={`M16 ${y}C190 ${y} 190 120 330 120`}
            fill="none"
            stroke={colour}
            strokeWidth="14"
            strokeLinecap="round"
            opacity="0.9"
          />
          <text x="16" y={y - 18} fontSize="16" fill="#16302f">
            {t(`login.flow.${name}`)}
          </text>
        </g>
      ))}
      <circle cx="366" cy="120" r="44" fill="#fff" stroke="#0b6e6e" strokeWidth="6" />
      <path
        d="M346 121l14 15 27-31"
        fill="none"
        stroke="#0b6e6e"
        strokeWidth="7"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
