#!/bin/sh
# SPDX-License-Identifier: MIT
# LibreOffice opens a csv on the mount, read-only and without a word, and converts it.
. "$(dirname "$0")/../mount/lib.sh"
command -v soffice >/dev/null || skip "no soffice"
hub_start
mount_fs
mkdir "$T/ods"
check "soffice --convert-to ods" timeout 120 soffice "-env:UserInstallation=file://$T/office" \
    --headless --convert-to ods --outdir "$T/ods" "$M/2022/12/activities.csv"
check "the ods is there" test -s "$T/ods/activities.ods"
"$py" - "$T/ods/activities.ods" "$M/2022/12/activities.csv" >"$T/said" 2>&1 <<'END'
import re, sys, zipfile
content = zipfile.ZipFile(sys.argv[1]).read("content.xml").decode()
rows = []
for row in re.findall(r"<table:table-row\b.*?</table:table-row>", content, re.S):
    cells = re.findall(r"<text:p>(.*?)</text:p>", row)
    if cells:
        rows.append(cells)
want = [line.split(",") for line in open(sys.argv[2]).read().splitlines()]
assert len(rows) == len(want) == 11, len(rows)
for got, line in zip(rows, want):
    assert got[:4] == line[:4] and got[5:] == line[5:], (got, line)
END
check "it holds the eleven rows" test ! -s "$T/said"
cat "$T/said"
# Told that ; separates it sees other cells, and must run none of them.
hubctl add '{"name": "a;=1+41;b", "date": 20230101, "hhmm": "0900"}' >/dev/null
hubctl add '{"name": "x\n=2+40;\"=3+39;\"", "date": 20230102, "hhmm": "0900"}' >/dev/null
cp "$M/2023/01/activities.csv" "$T/semicolons.csv"
check "soffice with another separator" timeout 120 soffice "-env:UserInstallation=file://$T/office" \
    --headless --infilter=CSV:59,34,UTF8 --convert-to fods --outdir "$T/ods" "$T/semicolons.csv"
check "the cells are there" grep -q 'apos;=1+41' "$T/ods/semicolons.fods"
refused "no formula was run" grep -o -e 'table:formula="[^"]*"' "$T/ods/semicolons.fods"
same "no lock file was left behind, nor tried to be" "" "$(ls -A "$M/2022/12" | grep lock)"
finish
