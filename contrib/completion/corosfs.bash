# SPDX-License-Identifier: MIT
# bash completion for corosfs. Commands and options come from `corosfs --help`, so that they are
# those of the program that is installed.

# "name" or "name=" for each option behind -o.
_corosfs_options() {
    "$1" --help 2>/dev/null | sed -n 's/^  \([a-z_]\{2,\}=\{0,1\}\)  *.*/\1/p'
}

# What stands behind -o: a list of options, of which the last is being typed.
# All candidates repeat what stands before it.
_corosfs_list() {
    local program=$1 list=$2
    local last=${list##*,}
    local before=${list%"$last"}
    local value=${last#*=}

    case $last in
    log=*) COMPREPLY=($(compgen -P "${before}log=" -W "error warn info debug" -- "$value")) ;;
    views=*)
        before+=${last%"${last##*[=:]}"}
        COMPREPLY=($(compgen -P "$before" -W "fit gpx tcx kml track detail none" -- \
            "${last##*[=:]}"))
        ;;
    *_file=* | *_dir=*)
        local kind=-f
        [[ $last == *_dir=* ]] && kind=-d
        local IFS=$'\n'
        COMPREPLY=($(compgen -P "$before${last%%=*}=" $kind -- "$value"))
        compopt -o filenames 2>/dev/null
        ;;
    *=*) ;;
    *)
        COMPREPLY=($(compgen -P "$before" -W "$(_corosfs_options "$program")" -- "$last"))
        [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
        ;;
    esac
    # readline replaces only what stands behind the last = or : of the line.
    local kept=${list%"${list##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

_corosfs() {
    local line=${COMP_LINE:0:COMP_POINT} program=${COMP_WORDS[0]}
    # Not COMP_WORDS: they are cut at = and : as well.
    local -a words
    read -ra words <<<"$line"
    [[ $line == *[[:blank:]] ]] && words+=("")
    local word=${words[-1]} before=${words[-2]-}

    COMPREPLY=()
    if [[ $before == -o ]]; then
        _corosfs_list "$program" "$word"
    elif [[ $before == --views ]]; then
        _corosfs_list "$program" "views=$word"
    elif [[ $word == -* ]]; then
        COMPREPLY=($(compgen -W "-o -f -d $("$program" --help 2>/dev/null |
            grep -o -e '--[a-z][a-z-]*' | sort -u)" -- "$word"))
    elif [[ $before == --status ]]; then
        COMPREPLY=($(compgen -W "$(sed -n 's/^[^ ]* \([^ ]*\) fuse\.corosfs .*/\1/p' \
            /proc/self/mounts)" -- "$word"))
    elif [[ $before != --from ]]; then
        local kind=-d IFS=$'\n'
        [[ $before == --refresh ]] && kind=-f
        COMPREPLY=($(compgen $kind -- "$word"))
        compopt -o filenames 2>/dev/null
    fi
}
complete -F _corosfs corosfs
