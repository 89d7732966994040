#!/usr/bin/env bash
# The manual is readable to the programs that show it, and completion works in the shells that it is for.
. "$(dirname "${BASH_SOURCE[0]}")/lib/scenario.sh"

require_command groff mandoc bash zsh fish
cd "$WORK"
PATH=$WORK/bin:$PATH
mkdir bin
ln -s "$BINARY" bin/shale

it "writes pages that groff and mandoc find nothing wrong with"
shale man --out man
[[ -s man/shale.1 && -s man/shale-tag.1 && -s man/shale.yaml.5 ]] || fail "pages are missing"
# There is no date of a release to tell.
wrong=$(mandoc -T lint -W warning man/* 2>&1 | grep -v 'missing date' || true)
expect_equal "what mandoc finds" "" "$wrong"
for page in man/*; do
  expect_equal "what groff says of $page" "" "$(groff -ww -man -Tutf8 -z "$page" 2>&1)"
done
expect_match "the text of a page" 'shale tag rollback.*REPOSITORY:TAG' "$(mandoc -T ascii man/shale-tag.1 | col -b | tr '\n' ' ')"

# What bash offers for a line, whose last word is being typed.
bash_offers() {
  bash -c '
    source <(shale completion bash)
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    $(complete -p shale | sed -E "s/.* -F ([^ ]+) .*/\1/") shale
    echo "${COMPREPLY[*]}"' bash "$@"
}

it "completes commands, flags, values and files in bash"
touch some.yaml
expect_equal "commands" "serve" "$(bash_offers shale serv)"
expect_equal "commands below a command" "list history show rollback restore" "$(bash_offers shale tag '')"
expect_equal "a flag" "--to" "$(bash_offers shale tag rollback team/app:latest --t)"
expect_equal "a flag of a setting" "--limits.page_size" "$(bash_offers shale serve --limits.page)"
expect_equal "values" "table json" "$(bash_offers shale tag list --output '')"
expect_equal "values behind =" "debug" "$(bash_offers shale serve --log-level = d)"
expect_equal "values of a word" "zsh" "$(bash_offers shale completion z)"
expect_equal "files" "some.yaml" "$(bash_offers shale serve --config so)"
expect_equal "directories" "man" "$(bash_offers shale serve --data-dir m)"
expect_equal "nothing for what is unknown" "" "$(bash_offers shale tag rollback --to '')"

it "completes them in fish"
shale completion fish >shale.fish
fish --no-execute shale.fish
fish_offers() { fish --no-config -c 'source shale.fish; complete -C $argv[1]' "$1" | cut -f1 | xargs; }
expect_equal "commands below a command" "history list restore rollback show" "$(fish_offers 'shale tag ')"
expect_equal "a flag" "--to" "$(fish_offers 'shale tag rollback team/app:latest --t')"
expect_equal "values" "json table" "$(fish_offers 'shale tag list --output ')"
expect_equal "files" "some.yaml" "$(fish_offers 'shale serve --config so')"

it "completes them in zsh"
shale completion zsh >_shale
zsh -f -n _shale
# With a terminal of its own, and what it shows on it.
zsh_shows() {
  zsh -f -c '
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1= PATH=$PATH; autoload -Uz compinit; compinit -u -D; source $PWD/_shale; echo rea\\dy"
    zpty -r shell seen "*ready*"
    zpty -w -n shell "$1"$'"'\t'"'
    zpty -r shell seen "$2"
    print -r -- "$seen"' zsh "$1" "$2"
}
timeout 20 bash -c "$(declare -f zsh_shows); zsh_shows 'shale tag ' '*rollback*show*'" >seen || fail "zsh offers no commands: $(cat seen)"
timeout 20 bash -c "$(declare -f zsh_shows); zsh_shows 'shale tag list --output ' '*json*table*'" >seen || fail "zsh offers no values"
