#!/bin/sh
# SPDX-License-Identifier: MIT
# Backups: the second run over an unchanged mount, after a remount, reads no file.
. "$(dirname "$0")/../mount/lib.sh"
command -v restic >/dev/null && command -v borg >/dev/null && command -v rsync >/dev/null ||
    skip "no restic, borg or rsync"
hub_start --athlete both --activities 300 --years 4
mount_fs
export RESTIC_PASSWORD=x RESTIC_REPOSITORY="$T/restic" RESTIC_CACHE_DIR="$T/restic-cache"
export BORG_REPO="$T/borg" BORG_BASE_DIR="$T/borg-base" BORG_PASSPHRASE=x
export BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes BORG_RELOCATED_REPO_ACCESS_IS_OK=yes
# From inside, so that the folders above it do not count.
back_up() { (cd "$M" && restic backup "$@" .); }
files=$(find "$M" -type f | wc -l)
check "recordings are among the files" test -d "$M/fit/$(ls "$M/fit" | tail -n 1)"

check "restic init" restic init
check "restic backup" back_up
check "borg init" borg init -e none
check "borg create" borg create ::one "$M"
check "rsync -a" rsync -a "$M/" "$T/copy"
check "tar -g" tar -C "$M" --no-check-device -g "$T/snar" -cf "$T/full.tar" .

# A second chance for borg, which never remembers the newest file.
remount
hubctl reset
back_up --json >"$T/said" 2>&1
same "restic, second run: no file is new or changed" "0 0 $files" \
    "$(jq -r 'select(.message_type == "summary") |
        "\(.files_new) \(.files_changed) \(.files_unmodified)"' "$T/said")"
borg create --list --filter AMCE ::two "$M" >"$T/said" 2>&1
same "borg: the newest time's files are read, no other" 0 "$(grep -v -c -e '/activities\.' -e \
    "$(ls "$M/$(ls "$M" | grep 2 | tail -n 1)/$(ls "$M/$(ls "$M" | grep 2 | tail -n 1)" |
        grep '^[0-9]' | tail -n 1)" | grep '^2' | tail -n 1)" "$T/said")"
check "borg: a handful (was $(wc -l <"$T/said"))" test "$(wc -l <"$T/said")" -le 8
same "rsync: nothing" "" "$(rsync -ai --delete "$M/" "$T/copy")"
tar -C "$M" --no-check-device -g "$T/snar" -cf "$T/second.tar" . 2>"$T/said"
same "tar -g: no file" 0 "$(tar tf "$T/second.tar" | grep -c -v '/$')"
check "the hub was asked for the freshness of the years at most (was $(requests))" \
    test "$(requests)" -le 2
same "nothing was downloaded" "0 0 0" \
    "$(hubctl stats downloads) $(hubctl stats files) $(hubctl stats details)"

# With the hub down, as after a restart without a network.
hub_stop
expect_log 'cannot be reached' 'cannot (connect|reach)' 'old copies' 'answers again'
remount
back_up --json >"$T/said" 2>&1
same "restic with the hub down: no file is new or changed" "0 0 $files" \
    "$(jq -r 'select(.message_type == "summary") |
        "\(.files_new) \(.files_changed) \(.files_unmodified)"' "$T/said")"
same "rsync, too: nothing" "" "$(rsync -ai --delete "$M/" "$T/copy")"
check "every byte is there" diff -r "$M" "$T/copy"
unmount
hub_again --athlete both --activities 300 --years 4
mount_fs

# One activity later.
next_second
hubctl add '{"date": 20261029, "hhmm": "0700", "name": "One More"}' >/dev/null
unmount
rm -rf "$T"/cache/*/history "$T"/cache/*/months/2026-10*
mount_fs
back_up --json >"$T/said" 2>&1
same "restic sees one new activity, its recording, and the summaries of its month, its year and all" "2 6" \
    "$(jq -r 'select(.message_type == "summary") | "\(.files_new) \(.files_changed)"' "$T/said")"
rsync -a "$M/" "$T/copy"
check "rsync brings the copy up to date" diff -r "$M" "$T/copy"
tar -C "$M" --no-check-device -g "$T/snar" -cf "$T/third.tar" . 2>"$T/said"
check "tar -g takes it" sh -c 'tar tf "$1" | grep -q OneMore' - "$T/third.tar"
check "restic restore" restic restore latest --target "$T/restored"
check "equals the mount" diff -r "$M" "$T/restored"
finish
