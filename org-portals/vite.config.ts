import react from '@vitejs/plugin-react'
import { defaultClientConditions, defineConfig } from 'vite'

// Served by the gateway of each organisation. In development, /v1 goes to a running gateway.
const gatewayUrl = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:17700'

/** Libraries that change seldom are bundles of their own, so that a release does not reload them. */
function bundleOf(id: string): string | undefined {
  if (!id.includes('node_modules')) return undefined
  if (/antd|@ant-design|@rc-component|rc-/.test(id)) return 'design'
  return 'libraries'
}

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ['triflow-source', ...defaultClientConditions] },
  build: {
    outDir: 'dist',
    sourcemap: false,
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { output: { manualChunks: bundleOf } },
  },
  server: { proxy: { '/v1': gatewayUrl } },
})
