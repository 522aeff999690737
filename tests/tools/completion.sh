#!/bin/sh
# SPDX-License-Identifier: MIT
# Tab completion in bash, zsh and fish: every option of the program, also behind a comma, the
# values where they are few, and the commands.
cd "$(dirname "$0")/../.." || exit 1
: "${COROSFS:=build/corosfs}"
[ -x "$COROSFS" ] || { echo "no $COROSFS; run make"; exit 1; }
T=$(mktemp -d "${TMPDIR:-/tmp}/corosfs-completion.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
mkdir "$T/bin" "$T/home" "$T/home/folder"
ln -s "$(readlink -f "$COROSFS")" "$T/bin/corosfs"
export PATH="$T/bin:$PATH" HOME="$T/home" TERM=dumb LC_ALL=C.UTF-8
bad=0

# same "what" WANTED GOT
same() {
    if [ "$2" = "$3" ]; then
        echo "ok - $1"
    else
        echo "not ok - $1"
        printf '# wanted: %s\n# got:    %s\n' "$2" "$3"
        bad=1
    fi
}

# What Tab offers behind a line, a word a line, with "=" where a value must follow.
offers_bash() {
    # shellcheck disable=SC2016
    bash --norc -c '. contrib/completion/corosfs.bash
        cd "$HOME"
        COMP_LINE=$1 COMP_POINT=${#1} COMP_WORDS=(corosfs)
        _corosfs
        printf "%s\n" "${COMPREPLY[@]}"' - "$1"
}

# fish shows whole words with what stands before the cursor.
offers_fish() {
    fish --no-config -c 'source contrib/completion/corosfs.fish; cd $HOME; complete -C $argv[1]' \
        "$1" | cut -f1
}

# A true zsh at a terminal; compadd, which gets all candidates, tells what matches.
offers_zsh() {
    cat >"$T/ask.zsh" <<'END_ZSH'
zmodload zsh/zpty
zpty z zsh -f -i
send() { zpty -w z "$1"; }
await() { local text; zpty -r z text "*$1*"; }
send "PS1= PROMPT2=; stty -echo; cd ~; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -d $2/dump"
send 'compadd() { builtin compadd -O hits "$@"; print -rl -- "HIT:"$^hits >>'$2/hits'; builtin compadd "$@" }'
send "bindkey '^I' list-choices; LISTMAX=99999; print rea''dy"
await ready
zpty -w -n z "$3"$'\t'
zpty -w -n z $'\C-a#\n'"print do''ne"$'\n'
await done
zpty -d z
END_ZSH
    : >"$T/hits"
    timeout 60 zsh -f "$T/ask.zsh" "$PWD/contrib/completion" "$T" "$1" >/dev/null </dev/null
    sed -n 's/^HIT:\(..*\)/\1/p' "$T/hits"
}

words() { sort -u | xargs; }

# From the table itself, so that --help cannot hide one: {"name", KIND_..., "words"},
table=$(cat fs/options*.c | tr '\n' ' ' | grep -o '{"[a-z_]*", KIND_[A-Z]*[^}]*}' |
    grep -v -e KIND_IGNORED -e 'NULL}$' | sed 's/^{"\([a-z_]*\)".*/\1/' | words)
commands=$("$COROSFS" --help | grep -o -e '--[a-z][a-z-]*' | words)
same "the table of options was read" yes "$(echo "$table" | grep -q 'csv_bom.*umask' && echo yes)"

for shell in bash zsh fish; do
    if ! command -v $shell >/dev/null; then
        echo "ok - $shell # SKIP no $shell"
        continue
    fi
    offers() { "offers_$shell" "$1"; }
    same "$shell: every option behind -o" "$table" "$(offers 'corosfs -o ' | tr -d = | words)"
    same "$shell: behind a comma, those that begin so" "log log_file" \
        "$(offers 'corosfs you@example.org x -o offline,lo' | sed 's/^offline,//' | tr -d = | words)"
    same "$shell: the levels of log=" "debug error info warn" \
        "$(offers 'corosfs -o ttl=9,log=' | sed 's/.*=//' | words)"
    for before in '-o views=' '--sync --views '; do
        same "$shell: the downloads behind $before, also behind a colon" "track" \
            "$(offers "corosfs ${before}fit:tra" | sed 's/.*[=:]//' | words)"
    done
    same "$shell: an option behind a value" "offline" \
        "$(offers 'corosfs -o log=warn,off' | sed 's/.*,//' | words)"
    same "$shell: folders for cache_dir=" "folder" \
        "$(offers 'corosfs -o cache_dir=fo' | sed 's/.*=//' | tr -d / | words)"
    same "$shell: every command" "$commands" "$(offers 'corosfs --' | words)"
    same "$shell: folders to mount on" "folder" \
        "$(offers 'corosfs you@example.org fo' | tr -d / | words)"
done
exit $bad
