# Runs the script of one action: run.sh SCRIPT
TOOLS=/attack/tools
. "$TOOLS/prelude.sh"
. "$1"
