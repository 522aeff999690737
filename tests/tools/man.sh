#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual page: well formed, and as complete as --help.
cd "$(dirname "$0")/../.." || exit 1
: "${COROSFS:=build/corosfs}"
command -v mandoc >/dev/null || { echo "skipped: no mandoc"; exit 77; }
T=$(mktemp -d "${TMPDIR:-/tmp}/corosfs-man.XXXXXX") || exit 1
trap 'rm -rf "$T"' EXIT
bad=0
check() {
    if [ "$2" -eq 0 ]; then echo "ok - $1"; else echo "not ok - $1"; bad=1; fi
}
# Which other pages are installed is not ours to say.
said=$(mandoc -T lint contrib/corosfs.1 2>&1 | grep -v -e 'referenced manual not found' -e 'mandoc\.db')
[ -z "$said" ]
check "mandoc -T lint has nothing to say, not even a remark" $?
[ -z "$said" ] || echo "$said" | sed 's/^/# /'
# Bold is a letter, a backspace and the letter again.
page=$(mandoc -T ascii contrib/corosfs.1 | sed "s/.$(printf '\b')//g")
missing=
options=$("$COROSFS" --help | sed -n 's/^  \([a-z_]*\)=\{0,1\} .*/\1/p')
for word in $options -f -d $("$COROSFS" --help | grep -o -e '--[a-z][a-z-]*' | sort -u); do
    echo "$page" | grep -q -e "$word" || missing="$missing $word"
done
[ -z "$missing" ]
check "every word of --help is in it" $?
echo "#$missing"
unknown=
for word in $(sed -n 's/^#\{0,1\}\([a-z_]*\) = .*/\1/p' contrib/config.example); do
    case " $(echo $options) account " in
    *" $word "*) ;;
    *) unknown="$unknown $word" ;;
    esac
done
[ -z "$unknown" ]
check "the example of a config file holds options that there are" $?
echo "#$unknown"
# {"what", 10, 6 * HOUR} is the row "what | 10 s | 6 h".
sed -n 's/^\t\[FAILURE_.*{"\(.*\)", \(.*\), \(.*\)},$/.It \1 Ta \2 Ta \3/p' api/failure.c |
    sed 's/ \* MINUTE/ min/g; s/ \* HOUR/ h/g; s/ \* DAY/ d/g; s/ Ta \([0-9]*\)$/ Ta \1 s/; s/ Ta \([0-9]*\) Ta/ Ta \1 s Ta/' \
    >"$T/rules"
sed -n '/^\.Sh FAILURES/,/^\.El/{/^\.It [a-z]/p}' contrib/corosfs.1 >"$T/rows"
test -s "$T/rules" && diff "$T/rules" "$T/rows"
check "its table of failures is that of api/failure.c" $?
exit $bad
