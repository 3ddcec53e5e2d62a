#!/usr/bin/env bash
# Checks whether Parley can run here: settings, versions, tools, database, project. `parley env` has the exit codes.
cd "$(dirname "${BASH_SOURCE[0]}")/.." && exec node bin/parley.js env "$@"
