#!/bin/sh
# SPDX-License-Identifier: MIT
# Every command line that the README shows for an account and as a recipe does what it says, here with
# names that have commas, quotes and letters beyond ASCII.
# Mounts of others would be told about, too.
if [ "$(id -u)" -eq 0 ] && [ -z "${own_mounts-}" ] && unshare -m true 2>/dev/null; then
    own_mounts=1 exec sh "$(dirname "$0")/../support/own_mounts" sh "$0"
fi
# shellcheck source=tests/mount/lib.sh
. "$(dirname "$0")/../mount/lib.sh"
command -v jq >/dev/null || skip "no jq"
hub_start --athlete both --activities 60 --years 2
for name in 'Long run, hilly, "slow"' '東京、朝のラン' 'Übung, früh' 'a;=1+41;b'; do
    hubctl add "$(jq -n --arg name "$name" '{name: $name, date: 20221215, hhmm: "0700", distance: 10123.4}')" \
        >/dev/null
done
M=$HOME/coros
mkdir -p "$T/bin" "$T/work" "$T/backup/coros" "$HOME/archive" "$HOME/goldencheetah-inbox" "$HOME/.config/corosfs"
ln -s "$COROSFS" "$T/bin/corosfs"
printf 'account = %s\napi = %s\ncache_dir = %s\nlog_file = %s\n' "$ACCOUNT" "$hub" "$T/cache" "$T/log" >"$HOME/.config/corosfs/config"
export PATH="$T/bin:$PATH" RESTIC_REPOSITORY="$T/backup/restic" RESTIC_PASSWORD=x RESTIC_CACHE_DIR="$T/restic" \
    BORG_BASE_DIR="$T/borg" BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes

# The commands of a section, a line each that is whole, in $T/SECTION.N. What is indented is code; a
# line that the shell finds unfinished goes on in the next.
"$py" - "$TOP/README.md" "$T" <<'END'
import re, subprocess, sys
whole = lambda text: text[-1:] not in "|\\" and not subprocess.run(["sh", "-n"], input=text.encode(), capture_output=True).returncode
for section in re.split("^## ", open(sys.argv[1]).read(), flags=re.M)[1:]:
    title, commands, text = section.split("\n")[0].split()[-1], [], ""
    for line in re.findall("^    (.*)", section, re.M):
        text += line.split("  #")[0].rstrip()
        if text.startswith("#") or whole(text):
            text and text[0] != "#" and commands.append(text)
            text = ""
        else:
            text += "\n"
    for n, text in enumerate(commands):
        open(f"{sys.argv[2]}/{title}.{n}", "w").write(text)
END

# run FILE: as it stands there, but for the account and places that are not ours.
run() {
    sed -i "s|you@example.org|$ACCOUNT|; s|/backup/|$T/backup/|" "$1"
    (cd "$T/work" && timeout 120 sh "$1" >"$T/said" 2>&1 </dev/null)
}
# Of what it needs; 1: it is not for here.
is_for_here() {
    case $(cat "$1") in
    sudo*) return 1 ;;
    libreoffice*) command -v soffice >/dev/null ;;
    restic*) command -v restic >/dev/null && restic init >"$T/out" 2>&1 ;;
    borg*) command -v borg >/dev/null && borg init -e none "$T/backup/borg" >"$T/out" 2>&1 ;;
    rsync*) command -v rsync >/dev/null ;;
    esac
}
ran=0
for file in "$T"/account.* "$T"/Recipes.*; do
    [ "$(cat "$file")" != "fusermount3 -u ~/coros" ] || { end=$file && continue; }
    is_for_here "$file" || continue
    check "$(head -n 1 "$file")" run "$file"
    cp "$T/said" "$file.said"
    ran=$((ran + 1))
done
check "those were all ($ran)" test "$ran" -ge 14

# ---- what came of it

of() { grep -l -e "$1" "$T"/account.*[0-9] "$T"/Recipes.*[0-9] | head -n 1; }
"$py" - "$M" >"$T/sums" <<'END'
import csv, glob, sys
rows = lambda path: list(csv.DictReader(open(path, newline="")))
total = lambda some: sum(float(r["distance"] or 0) for r in some) / 1000
print(total(rows(sys.argv[1] + "/2022/12/activities.csv")))
for year in sorted({r["date"][:4] for r in rows(sys.argv[1] + "/all/activities.csv")}):
    runs = [r for r in rows(sys.argv[1] + "/all/activities.csv") if r["date"][:4] == year and int(r["sportType"]) <= 103]
    runs and print(year, total(runs))
END
check "the sums are those of a csv reader, whatever the names are" "$py" - "$T/sums" \
    "$(of 'map(.distance').said" "$(of 'group_by').said" <<'END'
import sys
want, *got = ([float(n) for n in open(f).read().split()] for f in sys.argv[1:])
got = [n for numbers in got for n in numbers]
assert len(got) == len(want) > 3 and all(abs(a - b) < 1e-6 for a, b in zip(got, want)), (got, want)
END
same "every recording is archived" "$(find "$M/fit" -name '*.fit' | wc -l)" \
    "$(find "$HOME/archive" -name '*.fit' | wc -l)"
same "- and in GoldenCheetah's folder" "$(find "$M/fit" -name '*.fit' -printf '%f\n' | sort -u | wc -l)" \
    "$(find "$HOME/goldencheetah-inbox" -name '*.fit' | wc -l)"
check "the mirror is the mount" diff -r "$M/2022" "$T/backup/coros/2022"
if [ -e "$T/work/activities.ods" ]; then
    check "the spreadsheet has every row and letter, and no comma too many" "$py" - "$T/work/activities.ods" \
        "$M/all/activities.csv" <<'END'
import csv, sys, xml.etree.ElementTree as xml, zipfile
table = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
names = []
for row in xml.fromstring(zipfile.ZipFile(sys.argv[1]).read("content.xml")).iter(table + "table-row"):
    cells = []
    for cell in row.iter(table + "table-cell"):
        cells += ["".join(cell.itertext())] * int(cell.get(table + "number-columns-repeated", 1))
    if cells[0]:
        names.append(cells[1])
assert names == [row[1] for row in csv.reader(open(sys.argv[2], newline=""))], names
END
    # Told that ; separates it sees other cells, and must run none of them.
    cp "$M/2022/12/activities.csv" "$T/work/semicolons.csv"
    check "with another separator" timeout 120 soffice --headless --infilter=CSV:59,34,UTF8 \
        --convert-to fods --outdir "$T/work" "$T/work/semicolons.csv"
    check "- the cells are others" grep -q 'apos;=1+41' "$T/work/semicolons.fods"
    refused "- and no formula is run" grep -o -e 'table:formula="[^"]*"' "$T/work/semicolons.fods"
    same "no lock file was left behind, nor tried to be" "" "$(find "$M/all" -name '*lock*')"
fi
check "to stop" run "$end"
check "- is to unmount" not_mounted "$M"
finish
