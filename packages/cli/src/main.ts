#!/usr/bin/env node
/** The same as main.mjs, for those who name it directly; starts a little slower. */
import './main.mjs'
