/**
 * The portals: one application, shown to each kind of organisation with what it may do.
 *
 * May import: the gateway's generated client, `@triflow/chaincode/model`, `@triflow/network/proof`.
 *
 * Invariants:
 * 1. A hook computes, a component renders.
 * 2. Every screen has its loading, empty, refused and failed state (design/state.tsx).
 * 3. Money and dates are formatted in format/ only; no amount is ever a floating-point number.
 * 4. Rights shown here are a courtesy; the gateway and the contracts enforce them.
 */
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import './language/index.ts'
import './design/base.css'

const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
