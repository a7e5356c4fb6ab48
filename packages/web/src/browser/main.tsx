import { createRoot } from 'react-dom/client'
import { App } from './app/app.tsx'
import { installTheme } from './app/theme.tsx'
import { installRuntime } from './grafana/install.ts'

await installRuntime()
installTheme()
createRoot(document.getElementById('root') as HTMLElement).render(<App />)
