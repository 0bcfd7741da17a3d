// The default theme, with tables that fit.

import theme from 'vitepress/theme'
import './tables.css'

export default theme
