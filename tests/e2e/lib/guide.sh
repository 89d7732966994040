# What deploy/README.md tells an operator to type, taken out of it word for word. Sourced after scenario.sh.

GUIDE=$ROOT/deploy/README.md

# The indented block that has a line with this beginning, from that line on, without its margin.
from_guide() {  # BEGINNING_OF_A_LINE
  awk -v first="$1" '
    !found && match($0, /^ +/) && RLENGTH >= 4 && index(substr($0, RLENGTH + 1), first) == 1 { found = 1; margin = RLENGTH }
    found { if (substr($0, 1, margin) ~ /[^ ]/ || length($0) <= margin) exit; print substr($0, margin + 1) }' "$GUIDE" |
    grep . || fail "the guide has no block with a line that begins with '$1'"
}
