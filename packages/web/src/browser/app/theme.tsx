import { createTheme, getThemeById, ThemeContext, type GrafanaTheme2 } from '@grafana/data'
import { config, getAppEvents, ThemeChangedEvent } from '@grafana/runtime'
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import type { ThemeName } from '../../common/api.ts'
import { requestJson } from '../api/client.ts'
import { bootData } from './boot-data.ts'

interface ThemeSwitch {
  readonly name: 'dark' | 'light'
  readonly toggle: () => void
}

const ThemeSwitchContext = createContext<ThemeSwitch>({ name: 'dark', toggle: () => undefined })

export const useThemeSwitch = (): ThemeSwitch => useContext(ThemeSwitchContext)

/** Makes the theme known to the libraries' non-React parts; called once before the first rendering. */
export function installTheme(): void {
  applyTheme(themeOf(bootData.user.theme))
}

export function ThemeProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [theme, setTheme] = useState<GrafanaTheme2>(config.theme2)
  const name = theme.isDark ? 'dark' : 'light'
  const toggle = useCallback(() => {
    const next: ThemeName = name === 'dark' ? 'light' : 'dark'
    setTheme(applyTheme(themeOf(next)))
    if (bootData.user.isSignedIn) {
      requestJson('/api/user/preferences', { method: 'PATCH', body: { theme: next } }).catch((error: unknown) => {
        console.error('The theme could not be saved', error)
      })
    }
  }, [name])
  const themeSwitch = useMemo(() => ({ name, toggle }) as const, [name, toggle])
  useEffect(() => getAppEvents().publish(new ThemeChangedEvent(theme)), [theme])
  return (
    <ThemeSwitchContext.Provider value={themeSwitch}>
      <ThemeContext.Provider value={theme}>{children}</ThemeContext.Provider>
    </ThemeSwitchContext.Provider>
  )
}

function themeOf(name: ThemeName): GrafanaTheme2 {
  if (name !== 'system') return getThemeById(name)
  return getThemeById(matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark')
}

function applyTheme(theme: GrafanaTheme2): GrafanaTheme2 {
  config.theme2 = theme ?? createTheme()
  config.theme = theme.v1
  document.body.classList.toggle('light', theme.isLight)
  return theme
}
